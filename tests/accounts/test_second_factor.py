"""Point 14: a second factor, by codes of an authenticator app and recovery codes."""

import re
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, TOTP
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.second_factor.selectors import find_second_factor, has_second_factor
from accounts.second_factor.services import reseal_second_factors
from tests.accounts.authenticator_app import list_stored, make_code, turn_on

PASSWORD = "jjamppong-1234"
LOGIN = {"login": "ada@example.com", "password": PASSWORD}
CODE_PAGE = "/accounts/2fa/authenticate/"
RECOVERY_PAGE = "/accounts/2fa/authenticate/recovery/"
NEW_SECRET = "a new secret of at least 32 characters"


def begin_login(client: Client, **extra: str) -> None:
    """Enter the password; the code is asked for next."""
    response = client.post("/accounts/login/", LOGIN | extra)
    assert (response.status_code, response.headers["Location"]) == (302, CODE_PAGE)


def is_logged_in(client: Client) -> bool:
    return client.get("/accounts/me/").status_code == 200


def reauthenticate(client: Client, page: str = "reauthenticate", **form: str) -> None:
    """Confirm who one is, as the pages of the second factor ask."""
    response = client.post(f"/accounts/{page}/", {"next": "/accounts/2fa/"} | form)
    assert response.headers["Location"] == "/accounts/2fa/"


def read_setup_key(page: str) -> str:
    found = re.search(r'id="setup-key" class="secret-key">(\w+)<', page)
    assert found
    return found[1]


def test_it_is_turned_on_with_a_code_of_the_app_and_shows_recovery_codes_once(
    client: Client, ada: User
) -> None:
    client.force_login(ada)
    page = client.get("/accounts/2fa/totp/activate/")
    assert page.headers["Location"] == "/accounts/reauthenticate/?next=%2Faccounts%2F2fa%2Ftotp%2Factivate%2F"
    reauthenticate(client, password=PASSWORD)
    secret = read_setup_key(client.get("/accounts/2fa/totp/activate/").content.decode())
    refused = client.post("/accounts/2fa/totp/activate/", {"code": "000000"})
    assert "코드가 맞지 않아요" in refused.content.decode()
    assert read_setup_key(refused.content.decode()) == secret
    assert not has_second_factor(ada)
    response = client.post("/accounts/2fa/totp/activate/", {"code": make_code(secret)})
    assert response.headers["Location"] == "/accounts/2fa/recovery-codes/"
    assert has_second_factor(ada)
    codes = re.findall(
        r"^\d{8}$|(?<=>)\d{8}$", client.get(response.headers["Location"]).content.decode(), re.M
    )
    assert len(set(codes)) == 10
    again = client.get(response.headers["Location"]).content.decode()
    assert "한 번만 보여 드려요. 10개 남았어요" in again
    assert not any(code in again for code in codes)
    assert client.get("/accounts/2fa/recovery-codes/download/").status_code == 403


def test_its_secrets_are_sealed_in_the_database_and_in_the_session(client: Client, ada: User) -> None:
    client.force_login(ada)
    reauthenticate(client, password=PASSWORD)
    secret = read_setup_key(client.get("/accounts/2fa/totp/activate/").content.decode())
    assert client.session[SECRET_SESSION_KEY].startswith("gAAAA")
    assert secret not in str(dict(client.session))
    client.post("/accounts/2fa/totp/activate/", {"code": make_code(secret)})
    assert SECRET_SESSION_KEY not in client.session
    assert secret not in list_stored(ada)
    assert list_stored(ada).count("gAAAA") == 2


def test_a_login_asks_for_the_code(client: Client, ada: User) -> None:
    secret, _ = turn_on(ada)
    begin_login(client, next="/keys/")
    assert not is_logged_in(client)
    page = client.get(CODE_PAGE).content.decode()
    for attribute in ('autocomplete="one-time-code"', 'inputmode="numeric"', "autofocus"):
        assert attribute in page
    # As people type and paste it: in two groups, or full-width by a Korean keyboard.
    code = make_code(secret)
    typed = f"{code[:3]} {code[3:]}".translate({ord(str(digit)): 0xFF10 + digit for digit in range(10)})
    response = client.post(CODE_PAGE, {"code": typed})
    assert response.headers["Location"] == "/keys/"
    assert is_logged_in(client)


def test_a_sign_up_with_the_password_of_an_account_asks_for_the_code_too(client: Client, ada: User) -> None:
    turn_on(ada)
    form = {"email": "ada@example.com", "password1": PASSWORD}
    assert client.post("/accounts/signup/", form).headers["Location"] == CODE_PAGE
    assert not is_logged_in(client)


@pytest.mark.parametrize("code", ["000000", "", "１２３", "abc", "\0", "짬뽕", "1" * 400])
def test_a_wrong_code_is_refused(client: Client, ada: User, code: str) -> None:
    secret, _ = turn_on(ada)
    begin_login(client)
    wrong = code if code != make_code(secret) else "111111"
    page = client.post(CODE_PAGE, {"code": wrong}).content.decode()
    assert "id_code_error" in page
    assert "value=" not in page.split('name="code"')[1].split(">")[0]
    assert not is_logged_in(client)


def test_codes_of_two_steps_ago_and_of_another_account_are_refused(
    client: Client, ada: User, grace: User
) -> None:
    secret, _ = turn_on(ada)
    other, _ = turn_on(grace)
    begin_login(client)
    for wrong in (make_code(secret, -3), make_code(secret, 3), make_code(other)):
        client.post(CODE_PAGE, {"code": wrong})
        assert not is_logged_in(client)


def test_a_code_is_used_once_for_as_long_as_it_is_valid(ada: User) -> None:
    secret, _ = turn_on(ada)
    code = make_code(secret)
    first, second = Client(), Client()
    begin_login(first)
    begin_login(second)
    first.post(CODE_PAGE, {"code": code})
    assert is_logged_in(first)
    for is_forgotten in (False, True):
        if is_forgotten:
            # allauth forgets a code after half a minute, while its neighbours are still accepted.
            app = TOTP(Authenticator.objects.get(user=ada, type=Authenticator.Type.TOTP))
            assert cache.delete(app._get_used_cache_key(code))
        assert "이미 쓴 코드라면" in second.post(CODE_PAGE, {"code": code}).content.decode()
        assert not is_logged_in(second)
    second.post(CODE_PAGE, {"code": make_code(secret, 1)})
    assert is_logged_in(second)


def test_a_recovery_code_opens_one_login(ada: User) -> None:
    _, codes = turn_on(ada)
    first, second = Client(), Client()
    begin_login(first)
    begin_login(second)
    assert 'autocomplete="off"' in first.get(RECOVERY_PAGE).content.decode()
    first.post(RECOVERY_PAGE, {"code": codes[3]})
    assert "9개 남았어요" in first.get("/accounts/me/").content.decode()
    assert "이미 쓴 코드예요" in second.post(RECOVERY_PAGE, {"code": codes[3]}).content.decode()
    assert not is_logged_in(second)
    # The field of the app's code takes one, too.
    second.post(CODE_PAGE, {"code": codes[4]})
    assert is_logged_in(second)
    factor = find_second_factor(ada)
    assert factor
    assert (factor.codes_left, factor.codes_total) == (8, 10)


def test_guessing_codes_is_limited_as_passwords_are(client: Client, ada: User) -> None:
    secret, codes = turn_on(ada)
    for number in range(6):
        guesser = Client(REMOTE_ADDR=f"203.0.114.{number}")
        begin_login(guesser)
        page = guesser.post(RECOVERY_PAGE if number % 2 else CODE_PAGE, {"code": f"00000{number}"})
    assert "여러 번 실패했어요" in page.content.decode()
    begin_login(client)
    for path, right in ((CODE_PAGE, make_code(secret)), (RECOVERY_PAGE, codes[0])):
        assert "여러 번 실패했어요" in client.post(path, {"code": right}).content.decode()
    assert not is_logged_in(client)


def test_a_half_finished_login_can_be_given_up(client: Client, ada: User) -> None:
    turn_on(ada)
    client.get("/")
    guest = client.cookies["guest"].value
    begin_login(client)
    assert client.get("/accounts/login/").headers["Location"] == CODE_PAGE
    assert client.post("/accounts/2fa/authenticate/cancel/").headers["Location"] == "/accounts/login/"
    assert client.get("/accounts/login/").status_code == 200
    assert client.get(CODE_PAGE).headers["Location"] == "/accounts/login/"
    assert client.cookies["guest"].value == guest


def test_without_a_half_finished_login_there_is_no_code_page(client: Client, ada: User) -> None:
    for page in (CODE_PAGE, RECOVERY_PAGE):
        assert client.get(page).headers["Location"] == "/accounts/login/"
    assert client.post("/accounts/2fa/authenticate/cancel/").headers["Location"] == "/accounts/login/"


def log_in_with_code(client: Client, secret: str) -> None:
    begin_login(client)
    client.post(CODE_PAGE, {"code": make_code(secret)})


def test_it_is_turned_off_with_a_code_and_not_with_the_password(client: Client, ada: User) -> None:
    secret, _ = turn_on(ada)
    log_in_with_code(client, secret)
    where = "/accounts/2fa/totp/deactivate/"
    assert client.get(where).headers["Location"].startswith("/accounts/2fa/reauthenticate/")
    assert (
        client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": where})
        .headers["Location"]
        .startswith("/accounts/2fa/reauthenticate/")
    )
    assert client.post(where).status_code == 302
    assert has_second_factor(ada)
    reauthenticate(client, "2fa/reauthenticate", code=make_code(secret, 1))
    assert "2단계 인증을 끌까요" in client.get(where).content.decode()
    assert client.post(where).headers["Location"] == "/accounts/2fa/"
    assert not Authenticator.objects.filter(user=ada).exists()
    assert Client().post("/accounts/login/", LOGIN).headers["Location"] == "/"


def test_new_recovery_codes_replace_the_old_ones(client: Client, ada: User) -> None:
    secret, old = turn_on(ada)
    log_in_with_code(client, secret)
    reauthenticate(client, "2fa/reauthenticate", code=old[0])
    where = "/accounts/2fa/recovery-codes/generate/"
    assert "9개는 쓸 수 없게" in client.get(where).content.decode()
    shown = client.post(where, follow=True).content.decode()
    new = Authenticator.objects.get(user=ada, type="recovery_codes").wrap().get_unused_codes()
    assert all(code in shown for code in new)
    assert not set(new) & set(old)


def test_deleting_the_account_deletes_its_factor(client: Client, ada: User) -> None:
    secret, _ = turn_on(ada)
    log_in_with_code(client, secret)
    client.post("/accounts/leave/", {"password": PASSWORD})
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize("host", ["", "mail.example"])
def test_turning_it_off_is_mailed_where_there_is_a_mail_server(
    client: Client, ada: User, settings: Settings, host: str
) -> None:
    settings.EMAIL_HOST = host
    secret, codes = turn_on(ada)
    log_in_with_code(client, secret)
    reauthenticate(client, "2fa/reauthenticate", code=codes[0])
    client.post("/accounts/2fa/totp/deactivate/")
    assert [message.subject for message in mail.outbox] == (["[짬뽕] 2단계 인증을 껐어요"] if host else [])


def test_an_unreadable_secret_is_an_error_and_no_code_opens_it(
    client: Client, ada: User, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    secret, codes = turn_on(ada)
    begin_login(client)
    settings.SEALING_SECRETS = [NEW_SECRET]
    for path, code in ((CODE_PAGE, make_code(secret)), (RECOVERY_PAGE, codes[0])):
        assert "사이트 관리자에게" in client.post(path, {"code": code}).content.decode()
    assert not is_logged_in(client)
    assert f"second factor of user {ada.pk}" in caplog.text
    assert secret not in caplog.text


def test_one_command_reseals_provider_keys_and_second_factors(
    client: Client, ada: User, settings: Settings
) -> None:
    secret, codes = turn_on(ada)
    settings.SEALING_SECRETS = [NEW_SECRET, *settings.SEALING_SECRETS]
    output = StringIO()
    call_command("reseal_secrets", stdout=output)
    assert output.getvalue() == "0 provider keys resealed\n2 second factors resealed\n"
    settings.SEALING_SECRETS = [NEW_SECRET]
    log_in_with_code(client, secret)
    assert is_logged_in(client)
    reauthenticate(client, "2fa/reauthenticate", code=codes[0])
    settings.SEALING_SECRETS = ["another secret of at least 32 characters"]
    assert reseal_second_factors() == (0, 2)
    with pytest.raises(CommandError, match="2 second factors are opened by none"):
        call_command("reseal_secrets", stdout=output)


def test_an_operator_removes_a_lost_factor(ada: User, grace: User) -> None:
    turn_on(ada)
    turn_on(grace)
    output = StringIO()
    call_command("remove_second_factor", "Ada@example.com", stdout=output)
    assert output.getvalue() == "two-step verification turned off for 1 of 1 accounts\n"
    assert not has_second_factor(ada)
    assert has_second_factor(grace)
    with pytest.raises(CommandError, match="no account"):
        call_command("remove_second_factor", "who@example.com", stdout=output)
