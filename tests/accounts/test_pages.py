import pytest
from django.test import Client

from accounts.models import User

PASSWORD = "jjamppong-1234"
PUBLIC_PAGES = [
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
ACCOUNT_PAGES = [
    "/accounts/me/",
    "/accounts/leave/",
    "/accounts/logout/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/reauthenticate/",
    "/accounts/2fa/",
]


@pytest.mark.parametrize("where", PUBLIC_PAGES)
def test_every_public_page_uses_our_templates(client: Client, db: None, where: str) -> None:
    page = client.get(where)
    assert page.status_code == 200
    assert 'class="narrow-page"' in page.content.decode()
    assert "style=" not in page.content.decode()


@pytest.mark.parametrize("where", ACCOUNT_PAGES)
def test_every_account_page_uses_our_templates(client: Client, ada: User, where: str) -> None:
    client.force_login(ada)
    page = client.get(where)
    assert page.status_code == 200
    assert 'class="narrow-page"' in page.content.decode()


@pytest.mark.parametrize("where", ["/accounts/me/", "/accounts/leave/", "/accounts/email/"])
def test_a_visitor_is_redirected_to_the_login(client: Client, db: None, where: str) -> None:
    response = client.get(where)
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/accounts/login/")


def test_an_account_changes_its_name(client: Client, ada: User) -> None:
    client.force_login(ada)
    assert client.post("/accounts/me/", {"name": " 에이다 "}).status_code == 302
    ada.refresh_from_db()
    assert ada.first_name == "에이다"
    assert client.post("/accounts/me/", {"name": "가" * 61}).status_code == 200


def test_an_account_is_deleted_with_the_right_password(client: Client, ada: User) -> None:
    client.force_login(ada)
    page = client.post("/accounts/leave/", {"password": "wrong"})
    assert "id_password_error" in page.content.decode()
    assert User.objects.filter(pk=ada.pk).exists()
    assert client.post("/accounts/leave/", {"password": PASSWORD}).status_code == 302
    assert not User.objects.filter(pk=ada.pk).exists()
    assert client.get("/accounts/me/").status_code == 302


def test_guessing_the_password_of_the_deletion_is_rate_limited(client: Client, ada: User) -> None:
    client.force_login(ada)
    for _ in range(6):
        client.post("/accounts/leave/", {"password": "wrong"})
    client.post("/accounts/leave/", {"password": PASSWORD})
    assert User.objects.filter(pk=ada.pk).exists()
