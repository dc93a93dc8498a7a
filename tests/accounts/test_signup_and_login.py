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


def record_adoption(*, guest: User, account: User) -> None:
    """An adopter that records its arguments."""
    adopted.append((guest.pk, account.pk))


def adopt_and_fail(*, guest: User, account: User) -> None:
    """An adopter that updates a row and then fails."""
    User.objects.filter(pk=account.pk).update(first_name="half")
    raise RuntimeError("broken")


@pytest.fixture(autouse=True)
def recording_adopter(settings: Settings) -> Iterator[None]:
    adopted.clear()
    settings.GUEST_ADOPTERS = [f"{__name__}.record_adoption"]
    yield
    adopted.clear()


@pytest.fixture
def guest(db: None, client: Client) -> User:
    """A guest with its cookie in the test client."""
    guest = GuestFactory.create()
    assert guest.guest_key
    client.cookies[GUEST_COOKIE] = sign_guest_key(guest.guest_key)
    return guest


def sign_up(client: Client, email: str = "ada@example.com", password: str = PASSWORD) -> int:
    return client.post("/accounts/signup/", {"email": email, "password1": password}).status_code


def test_signing_up_converts_the_guest_s_row_into_the_account(client: Client, guest: User) -> None:
    assert sign_up(client) == 302
    account = User.objects.get()
    assert account.pk == guest.pk
    assert account.public_id == guest.public_id
    assert not account.is_guest
    assert account.guest_key is None
    assert account.email == "ada@example.com"
    assert account.check_password(PASSWORD)
    assert client.get("/accounts/me/").status_code == 200


def test_signing_up_without_a_guest_creates_a_row(client: Client, db: None) -> None:
    assert sign_up(client) == 302
    assert User.objects.get().email == "ada@example.com"


def test_the_username_does_not_contain_the_email(client: Client, db: None) -> None:
    sign_up(client)
    account = User.objects.get()
    assert account.username == account.public_id.hex


def test_the_old_guest_cookie_is_invalid_after_sign_up(client: Client, guest: User) -> None:
    sign_up(client)
    renewed = read_guest_key({GUEST_COOKIE: client.cookies[GUEST_COOKIE].value})
    assert renewed not in (None, guest.guest_key)
    stranger = Client()
    stranger.cookies[GUEST_COOKIE] = sign_guest_key(guest.guest_key or uuid.uuid4())
    assert stranger.get("/accounts/me/").status_code == 302


@pytest.mark.parametrize(("language", "words"), [("ko", "비밀번호가 짧아요"), ("en", "too short")])
def test_a_weak_password_is_an_error_in_the_visitor_s_language(
    client: Client, db: None, language: str, words: str
) -> None:
    page = client.post(
        "/accounts/signup/",
        {"email": "ada@example.com", "password1": "abc"},
        headers={"accept-language": language},
    )
    assert words in page.content.decode()
    assert not User.objects.exists()


def test_logging_in_merges_the_guest_into_the_account(client: Client, ada: User, guest: User) -> None:
    response = client.post("/accounts/login/", {"login": "ada@example.com", "password": PASSWORD})
    assert response.status_code == 302
    assert adopted == [(guest.pk, ada.pk)]
    assert not User.objects.filter(pk=guest.pk).exists()
    assert read_guest_key({GUEST_COOKIE: client.cookies[GUEST_COOKIE].value}) != guest.guest_key


def test_logging_in_without_a_guest_adopts_nothing(client: Client, ada: User) -> None:
    client.get("/accounts/login/")
    client.post("/accounts/login/", {"login": "ada@example.com", "password": PASSWORD})
    assert adopted == []


def test_a_failed_adoption_is_rolled_back(client: Client, ada: User, guest: User, settings: Settings) -> None:
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


def test_guessing_a_password_is_rate_limited(client: Client, ada: User) -> None:
    for _ in range(5):
        client.post("/accounts/login/", {"login": "ada@example.com", "password": "wrong"})
    client.post("/accounts/login/", {"login": "ada@example.com", "password": PASSWORD})
    assert client.get("/accounts/me/").status_code == 302


def test_logging_out_replaces_the_guest_key(client: Client, ada: User) -> None:
    client.force_login(ada)
    before = client.cookies.get(GUEST_COOKIE)
    assert client.get("/accounts/logout/").status_code == 200
    assert client.post("/accounts/logout/").status_code == 302
    assert client.cookies[GUEST_COOKIE] != before
    assert client.get("/accounts/me/").status_code == 302


def test_a_lost_password_is_reset_by_mail(client: Client, ada: User, settings: Settings) -> None:
    assert client.post("/accounts/password/reset/", {"email": "ada@example.com"}).status_code == 302
    (message,) = mail.outbox
    assert message.subject == "[짬뽕] 새 비밀번호 정하기"
    link = next(line for line in str(message.body).splitlines() if "/password/reset/key/" in line)
    form = client.get(link, follow=True)
    assert form.status_code == 200
    where = form.redirect_chain[-1][0]
    response = client.post(where, {"password1": "a-new-password-1234", "password2": "a-new-password-1234"})
    assert response.status_code == 302
    ada.refresh_from_db()
    assert ada.check_password("a-new-password-1234")


def test_a_password_reset_does_not_reveal_whether_an_account_exists(client: Client, db: None) -> None:
    assert client.post("/accounts/password/reset/", {"email": "who@example.com"}).status_code == 302
    assert mail.outbox[0].to == ["who@example.com"]


@pytest.mark.parametrize("host", ["", "mail.example"])
def test_without_a_mail_server_no_page_promises_a_mail_and_the_operator_is_warned(
    client: Client, db: None, settings: Settings, caplog: pytest.LogCaptureFixture, host: str
) -> None:
    settings.EMAIL_HOST = host
    reset = client.get("/accounts/password/reset/").content.decode()
    assert ("링크 받기" in reset) == bool(host)
    assert ("지금은 메일을 보낼 수 없어서" in reset) == (not host)
    assert ("비밀번호를 잊었나요" in client.get("/accounts/login/").content.decode()) == bool(host)
    assert client.post("/accounts/password/reset/", {"email": "who@example.com"}).status_code == 302
    done = client.get("/accounts/password/reset/done/").content.decode()
    assert ("메일을 확인해 주세요" in done) == bool(host)
    assert ("EMAIL_HOST is not set" in caplog.text) == (not host)
    assert sign_up(client) == 302
    page = client.get("/accounts/email/").content.decode()
    assert ("확인 메일을 보냈어요" in page) == bool(host)
    assert ("확인 메일 다시 보내기" in page) == bool(host)
    assert "운영자" not in reset + done + page


CONVERSATION = "/c/6f1b1f5e-8a43-4a52-9f41-2d5b6f6f0c11/?at=6f1b1f5e-8a43-4a52-9f41-2d5b6f6f0c12"


def test_signing_up_returns_to_the_conversation_it_began_in(client: Client, guest: User) -> None:
    sent = {"email": "ada@example.com", "password1": PASSWORD, "next": CONVERSATION}
    response = client.post("/accounts/signup/", sent)
    assert response.headers["Location"] == CONVERSATION
    assert "가입했어요" in client.get("/accounts/me/").content.decode()


def test_a_confirmed_address_returns_to_the_conversation_too(
    client: Client, guest: User, settings: Settings
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    sent = {"email": "ada@example.com", "password1": PASSWORD, "next": CONVERSATION}
    client.post("/accounts/signup/", sent)
    assert client.get("/accounts/me/").status_code == 302
    link = next(line for line in str(mail.outbox[0].body).splitlines() if "/confirm-email/" in line)
    assert client.post(link.strip()).headers["Location"] == CONVERSATION
    assert "가입했어요" in client.get("/accounts/me/").content.decode()


def test_signing_up_elsewhere_returns_there_without_a_word_of_a_conversation(
    client: Client, db: None
) -> None:
    sent = {"email": "ada@example.com", "password1": PASSWORD, "next": "/advertise/join/"}
    assert client.post("/accounts/signup/", sent).headers["Location"] == "/advertise/join/"
    assert "가입했어요" not in client.get("/accounts/me/").content.decode()


def test_signing_up_returns_to_no_other_site(client: Client, db: None) -> None:
    sent = {"email": "ada@example.com", "password1": PASSWORD, "next": "https://mallory.example/c/"}
    assert client.post("/accounts/signup/", sent).headers["Location"] == "/"


def test_the_links_between_account_pages_keep_their_target(client: Client, db: None) -> None:
    page = client.get("/accounts/login/", {"next": CONVERSATION}).content.decode()
    assert page.count("/accounts/signup/?next=%2Fc%2F6f1b1f5e") == 2
    assert "next=%2Faccounts" not in client.get("/accounts/login/").content.decode()


def test_every_form_requires_its_csrf_token(ada: User) -> None:
    client = Client(enforce_csrf_checks=True)
    for where in ("signup", "login", "logout", "password/reset", "leave", "me"):
        assert client.post(f"/accounts/{where}/", {}).status_code == 403, where


def test_the_settings_name_our_adapter(settings: Settings) -> None:
    assert f"{AccountAdapter.__module__}.{AccountAdapter.__qualname__}" == settings.ACCOUNT_ADAPTER
