import uuid
from collections.abc import Iterator

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts.adapter import AccountAdapter
from accounts.guests import GUEST_COOKIE, read_guest_key, sign_guest_key
from accounts.models import User
from testing.factories import GuestFactory

PASSWORD = "jjamppong-1234"
adopted: list[tuple[int, int]] = []


def adopt_nothing(*, guest: User, account: User) -> None:
    """An adopter that only keeps who was handed to whom."""
    adopted.append((guest.pk, account.pk))


def adopt_and_fail(*, guest: User, account: User) -> None:
    """An adopter that changes something and then breaks."""
    User.objects.filter(pk=account.pk).update(first_name="half")
    raise RuntimeError("broken")


@pytest.fixture(autouse=True)
def adopters(settings: Settings) -> Iterator[None]:
    adopted.clear()
    settings.GUEST_ADOPTERS = [f"{__name__}.adopt_nothing"]
    yield
    adopted.clear()


@pytest.fixture
def guest(db: None, client: Client) -> User:
    """Ada before she has an account."""
    guest = GuestFactory.create()
    assert guest.guest_key
    client.cookies[GUEST_COOKIE] = sign_guest_key(guest.guest_key)
    return guest


def sign_up(client: Client, email: str = "ada@example.com", password: str = PASSWORD) -> int:
    return client.post("/accounts/signup/", {"email": email, "password1": password}).status_code


def test_signing_up_turns_the_guest_s_own_row_into_the_account(client: Client, guest: User) -> None:
    assert sign_up(client) == 302
    account = User.objects.get()
    assert account.pk == guest.pk
    assert account.public_id == guest.public_id
    assert not account.is_guest
    assert account.guest_key is None
    assert account.email == "ada@example.com"
    assert account.check_password(PASSWORD)
    assert client.get("/accounts/me/").status_code == 200


def test_signing_up_without_having_been_anybody_makes_a_row(client: Client, db: None) -> None:
    assert sign_up(client) == 302
    assert User.objects.get().email == "ada@example.com"


def test_nobody_s_address_shows_in_a_username(client: Client, db: None) -> None:
    sign_up(client)
    account = User.objects.get()
    assert account.username == account.public_id.hex


def test_the_old_cookie_opens_nothing_after_signing_up(client: Client, guest: User) -> None:
    sign_up(client)
    renewed = read_guest_key({GUEST_COOKIE: client.cookies[GUEST_COOKIE].value})
    assert renewed not in (None, guest.guest_key)
    stranger = Client()
    stranger.cookies[GUEST_COOKIE] = sign_guest_key(guest.guest_key or uuid.uuid4())
    assert stranger.get("/accounts/me/").status_code == 302


def test_an_address_that_is_taken_is_said_next_to_the_form(client: Client, ada: User, guest: User) -> None:
    page = client.post("/accounts/signup/", {"email": "ADA@example.com", "password1": PASSWORD})
    assert page.status_code == 200
    assert "id_email_error" in page.content.decode()
    guest.refresh_from_db()
    assert guest.is_guest


@pytest.mark.parametrize(("language", "words"), [("ko", "비밀번호가 짧아요"), ("en", "too short")])
def test_a_weak_password_is_said_in_the_visitor_s_language(
    client: Client, db: None, language: str, words: str
) -> None:
    page = client.post(
        "/accounts/signup/",
        {"email": "ada@example.com", "password1": "abc"},
        headers={"accept-language": language},
    )
    assert words in page.content.decode()
    assert not User.objects.exists()


def test_a_second_press_of_sign_up_leads_to_the_log_in(
    client: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The first press is committed after the second one's form was checked.
    monkeypatch.setattr(
        "allauth.account.forms.BaseSignupForm.clean_email", lambda form: form.cleaned_data["email"]
    )
    answer = client.post("/accounts/signup/", {"email": "ada@example.com", "password1": PASSWORD})
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/accounts/login/"
    assert User.objects.get() == ada


def test_logging_in_hands_the_guest_s_things_to_the_account(client: Client, ada: User, guest: User) -> None:
    answer = client.post("/accounts/login/", {"login": "ada@example.com", "password": PASSWORD})
    assert answer.status_code == 302
    assert adopted == [(guest.pk, ada.pk)]
    assert not User.objects.filter(pk=guest.pk).exists()
    assert read_guest_key({GUEST_COOKIE: client.cookies[GUEST_COOKIE].value}) != guest.guest_key


def test_logging_in_without_having_been_anybody_adopts_nothing(client: Client, ada: User) -> None:
    client.get("/accounts/login/")
    client.post("/accounts/login/", {"login": "ada@example.com", "password": PASSWORD})
    assert adopted == []


def test_an_adoption_that_breaks_half_way_changes_nothing(
    client: Client, ada: User, guest: User, settings: Settings
) -> None:
    settings.GUEST_ADOPTERS = [f"{__name__}.adopt_and_fail"]
    with pytest.raises(RuntimeError):
        client.post("/accounts/login/", {"login": "ada@example.com", "password": PASSWORD})
    ada.refresh_from_db()
    assert ada.first_name == ""
    assert User.objects.filter(pk=guest.pk, is_guest=True).exists()


def test_a_wrong_password_is_refused_and_adopts_nothing(client: Client, ada: User, guest: User) -> None:
    page = client.post("/accounts/login/", {"login": "ada@example.com", "password": "wrong"})
    assert page.status_code == 200
    assert 'role="alert"' in page.content.decode()
    assert adopted == []


def test_guessing_a_password_is_stopped(client: Client, ada: User) -> None:
    for _ in range(5):
        client.post("/accounts/login/", {"login": "ada@example.com", "password": "wrong"})
    client.post("/accounts/login/", {"login": "ada@example.com", "password": PASSWORD})
    assert client.get("/accounts/me/").status_code == 302


def test_logging_out_leaves_a_fresh_guest(client: Client, ada: User) -> None:
    client.force_login(ada)
    before = client.cookies.get(GUEST_COOKIE)
    assert client.get("/accounts/logout/").status_code == 200
    assert client.post("/accounts/logout/").status_code == 302
    assert client.cookies[GUEST_COOKIE] != before
    assert client.get("/accounts/me/").status_code == 302


def test_a_lost_password_is_set_anew_by_mail(client: Client, ada: User, settings: Settings) -> None:
    assert client.post("/accounts/password/reset/", {"email": "ada@example.com"}).status_code == 302
    (message,) = mail.outbox
    assert message.subject == "[짬뽕] 새 비밀번호 정하기"
    link = next(line for line in str(message.body).splitlines() if "/password/reset/key/" in line)
    form = client.get(link, follow=True)
    assert form.status_code == 200
    where = form.redirect_chain[-1][0]
    answer = client.post(where, {"password1": "a-new-password-1234", "password2": "a-new-password-1234"})
    assert answer.status_code == 302
    ada.refresh_from_db()
    assert ada.check_password("a-new-password-1234")


def test_a_stranger_s_address_gets_a_mail_and_the_page_gives_nothing_away(client: Client, db: None) -> None:
    assert client.post("/accounts/password/reset/", {"email": "who@example.com"}).status_code == 302
    assert mail.outbox[0].to == ["who@example.com"]


@pytest.mark.parametrize("host", ["", "mail.example"])
def test_nobody_is_told_to_wait_for_a_mail_that_the_site_cannot_send(
    client: Client, db: None, settings: Settings, host: str
) -> None:
    settings.EMAIL_HOST = host
    assert client.post("/accounts/password/reset/", {"email": "who@example.com"}).status_code == 302
    assert ("메일 서버가 없어요" in client.get("/accounts/password/reset/done/").content.decode()) == (
        not host
    )
    assert sign_up(client) == 302
    page = client.get("/accounts/email/").content.decode()
    assert ("메일 서버가 없어요" in page) == (not host)
    assert ("확인 메일을 보냈어요" in page) == bool(host)


def test_every_form_asks_for_its_token(ada: User) -> None:
    client = Client(enforce_csrf_checks=True)
    for where in ("signup", "login", "logout", "password/reset", "leave", "me"):
        assert client.post(f"/accounts/{where}/", {}).status_code == 403, where


def test_the_adapter_is_the_one_that_settings_name(settings: Settings) -> None:
    assert f"{AccountAdapter.__module__}.{AccountAdapter.__qualname__}" == settings.ACCOUNT_ADAPTER
