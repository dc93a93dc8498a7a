import pytest
from django.test import Client

from accounts.models import User

PASSWORD = "jjamppong-1234"
OPEN_PAGES = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/done/",
    "/accounts/password/reset/key/1-bad/",
    "/accounts/confirm-email/",
    "/accounts/confirm-email/bad/",
    "/accounts/inactive/",
]
OWN_PAGES = [
    "/accounts/me/",
    "/accounts/leave/",
    "/accounts/logout/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/reauthenticate/",
]


@pytest.mark.parametrize("where", OPEN_PAGES)
def test_every_door_is_one_of_our_pages(client: Client, db: None, where: str) -> None:
    page = client.get(where)
    assert page.status_code == 200
    assert 'class="sheet"' in page.content.decode()
    assert "style=" not in page.content.decode()


@pytest.mark.parametrize("where", OWN_PAGES)
def test_every_page_of_an_account_is_one_of_our_pages(client: Client, ada: User, where: str) -> None:
    client.force_login(ada)
    page = client.get(where)
    assert page.status_code == 200
    assert 'class="sheet"' in page.content.decode()


@pytest.mark.parametrize("where", ["/accounts/me/", "/accounts/leave/", "/accounts/email/"])
def test_a_visitor_is_sent_to_the_log_in(client: Client, db: None, where: str) -> None:
    answer = client.get(where)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/accounts/login/")


def test_an_account_changes_its_name(client: Client, ada: User) -> None:
    client.force_login(ada)
    assert client.post("/accounts/me/", {"name": " 에이다 "}).status_code == 302
    ada.refresh_from_db()
    assert ada.first_name == "에이다"
    assert client.post("/accounts/me/", {"name": "가" * 61}).status_code == 200


def test_an_account_and_everything_in_it_goes_with_the_right_password(client: Client, ada: User) -> None:
    client.force_login(ada)
    page = client.post("/accounts/leave/", {"password": "wrong"})
    assert "id_password_error" in page.content.decode()
    assert User.objects.filter(pk=ada.pk).exists()
    assert client.post("/accounts/leave/", {"password": PASSWORD}).status_code == 302
    assert not User.objects.filter(pk=ada.pk).exists()
    assert client.get("/accounts/me/").status_code == 302


def test_a_borrowed_session_cannot_guess_the_password_to_delete_with(client: Client, ada: User) -> None:
    client.force_login(ada)
    for _ in range(6):
        client.post("/accounts/leave/", {"password": "wrong"})
    client.post("/accounts/leave/", {"password": PASSWORD})
    assert User.objects.filter(pk=ada.pk).exists()
