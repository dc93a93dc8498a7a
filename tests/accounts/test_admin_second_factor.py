"""Point 14: the admin demands the second factor of staff who have one, and of all where a setting says so."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from accounts.second_factor.selectors import has_second_factor
from accounts.services import create_superuser
from tests.accounts.authenticator_app import make_code, turn_on
from tests.accounts.test_second_factor import CODE_PAGE, PASSWORD, read_setup_key

EMAIL = "admin@localhost"
CREATIVES = "/admin/ads/creative/"
LOGIN = {"login": EMAIL, "password": PASSWORD, "next": CREATIVES}
pytestmark = pytest.mark.usefixtures("valkey")


@pytest.fixture
def admin(db: None) -> User:
    return create_superuser(username="admin", email=EMAIL, password=PASSWORD)


def final_path(client: Client, path: str) -> str:
    """Return where a page's redirects end."""
    response = client.get(path, follow=True)
    return response.redirect_chain[-1][0] if response.redirect_chain else path


def test_the_admin_s_login_asks_staff_for_their_code(client: Client, admin: User) -> None:
    secret, _ = turn_on(admin)
    assert client.post("/accounts/login/", LOGIN).headers["Location"] == CODE_PAGE
    assert final_path(client, CREATIVES).startswith("/accounts/2fa/authenticate/")
    assert client.post(CODE_PAGE, {"code": make_code(secret)}).headers["Location"] == CREATIVES
    assert client.get(CREATIVES).status_code == 200


def test_a_session_from_before_the_factor_must_use_it_for_the_admin(client: Client, admin: User) -> None:
    client.post("/accounts/login/", LOGIN)
    assert client.get(CREATIVES).status_code == 200
    secret, _ = turn_on(admin)
    page = "/accounts/2fa/reauthenticate/?next=%2Fadmin%2Fads%2Fcreative%2F"
    assert final_path(client, CREATIVES) == page
    assert client.post("/admin/login/?next=https://mallory.example/").headers["Location"] == (
        "/accounts/2fa/reauthenticate/?next=%2Fadmin%2F"
    )
    client.post(page, {"code": "000000"})
    assert client.get(CREATIVES).status_code == 302
    assert client.post(page, {"code": make_code(secret)}).headers["Location"] == CREATIVES
    assert client.get(CREATIVES).status_code == 200
    # The proof is of this factor, not of one that comes after it.
    Authenticator.objects.filter(user=admin).delete()
    turn_on(admin)
    assert final_path(client, CREATIVES) == page


def test_an_account_without_a_role_is_refused_with_a_factor_too(client: Client, ada: User) -> None:
    turn_on(ada)
    client.force_login(ada)
    assert client.get("/admin/", follow=True).status_code == 403


def test_staff_without_a_factor_set_one_up_first_where_it_is_required(
    client: Client, admin: User, settings: Settings
) -> None:
    settings.ADMIN_REQUIRES_SECOND_FACTOR = True
    client.post("/accounts/login/", LOGIN)
    response = client.get(CREATIVES, follow=True)
    where = response.redirect_chain[-1][0]
    assert where.startswith("/accounts/reauthenticate/?next=%2Faccounts%2F2fa%2Ftotp%2Factivate%2F%3Fnext")
    assert "먼저 2단계 인증을 켜 주세요" in response.content.decode()
    target = str(response.context["redirect_field_value"])
    page = client.post("/accounts/reauthenticate/", {"password": PASSWORD, "next": target}, follow=True)
    code = make_code(read_setup_key(page.content.decode()))
    codes = client.post(target, {"code": code}, follow=True)
    assert f'href="{CREATIVES}"' in codes.content.decode()
    assert client.get(CREATIVES).status_code == 200


def test_it_is_not_required_unless_the_setting_says_so(client: Client, admin: User) -> None:
    client.post("/accounts/login/", LOGIN)
    assert client.get(CREATIVES).status_code == 200


def test_a_superuser_turns_off_the_lost_factor_of_another(client: Client, admin: User, ada: User) -> None:
    turn_on(ada)
    client.force_login(admin)
    form = {"action": "turn_second_factor_off", "_selected_action": [ada.pk]}
    page = client.post("/admin/accounts/user/", form, follow=True)
    assert "1명의 2단계 인증을 껐어요." in page.content.decode()
    assert not has_second_factor(ada)
    assert LogEntry.objects.get(object_id=str(ada.pk)).change_message == "2단계 인증을 껐어요."


def test_other_staff_cannot_take_a_factor_from_anyone(client: Client, admin: User, ada: User) -> None:
    turn_on(admin)
    User.objects.filter(pk=ada.pk).update(is_staff=True)
    ada.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    client.force_login(ada)
    assert client.get("/admin/accounts/user/").status_code == 200
    client.post("/admin/accounts/user/", {"action": "turn_second_factor_off", "_selected_action": [admin.pk]})
    assert has_second_factor(admin)


def test_no_page_of_the_admin_shows_sealed_secrets(client: Client, admin: User, ada: User) -> None:
    turn_on(ada)
    client.force_login(admin)
    assert client.get("/admin/mfa/authenticator/").status_code == 404
    page = client.get(f"/admin/accounts/user/{ada.pk}/change/").content.decode()
    assert "gAAAA" not in page
