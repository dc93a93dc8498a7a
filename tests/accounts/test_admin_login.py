"""Point 14: the admin is entered by the login of every account, with the same limits."""

from importlib import import_module

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.test import Client

from accounts.models import User
from accounts.services import create_superuser

PASSWORD = "jjamppong-1234"
ADMIN_EMAIL = "admin@localhost"


@pytest.fixture
def admin(db: None) -> User:
    return create_superuser(username="admin", email=ADMIN_EMAIL, password=PASSWORD)


def log_in(client: Client, password: str, **extra: str) -> int:
    form = {"login": ADMIN_EMAIL, "password": password, "next": "/admin/"}
    return client.post("/accounts/login/", form, **extra).status_code  # type: ignore[arg-type]


def test_the_admin_s_login_is_the_common_login(client: Client, admin: User) -> None:
    response = client.get("/admin/login/?next=/admin/ads/creative/")
    assert response.status_code == 302
    assert response.headers["Location"] == "/accounts/login/?next=%2Fadmin%2Fads%2Fcreative%2F"
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/?next=")
    assert log_in(client, PASSWORD) == 302
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize("mandatory", ["optional", "mandatory"])
def test_the_first_admin_logs_in_without_confirming_an_address(
    client: Client, admin: User, settings: object, mandatory: str
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = mandatory  # type: ignore[attr-defined]
    assert log_in(client, PASSWORD) == 302
    assert client.get("/admin/").status_code == 200


def test_wrong_passwords_are_limited_at_both_paths(client: Client, admin: User) -> None:
    for number in range(40):
        # Neither another address nor another port of the host counts anew for the account.
        forged = {"REMOTE_ADDR": f"203.0.114.{number}", "HTTP_HOST": f"localhost:{8_000 + number}"}
        form = {"username": "admin", "password": f"wrong-{number}"}
        assert client.post("/admin/login/", form, **forged).status_code == 302  # type: ignore[arg-type]
        log_in(client, f"wrong-{number}", **forged)
    assert log_in(client, PASSWORD, REMOTE_ADDR="203.0.114.200") == 200
    assert client.get("/admin/").status_code == 302


def test_an_account_without_a_role_is_refused(client: Client, ada: User) -> None:
    client.force_login(ada)
    assert client.get("/admin/", follow=True).status_code == 403


def test_the_admin_changes_the_password_at_the_common_page(client: Client, admin: User) -> None:
    client.force_login(admin)
    response = client.get("/admin/password_change/")
    assert (response.status_code, response.headers["Location"]) == (302, "/accounts/password/change/")


def test_a_page_says_that_there_were_too_many_attempts(client: Client, db: None) -> None:
    for _ in range(31):
        page = client.post("/accounts/login/", {"login": "", "password": ""})
    assert page.status_code == 429
    assert "너무 여러 번 시도했어요" in page.content.decode()


def test_staff_of_the_version_before_get_a_login(ada: User) -> None:
    migration = import_module("accounts.migrations.0004_staff_log_in_by_email")
    old_admin = User.objects.create_superuser("root", "Root@example.com", PASSWORD)
    nameless = User.objects.create_user("운영", "", PASSWORD, is_staff=True)
    helper = User.objects.create_user("helper", "", PASSWORD, is_staff=True)
    migration.give_staff_a_login(apps, None)
    migration.give_staff_a_login(apps, None)
    nameless.refresh_from_db()
    helper.refresh_from_db()
    assert (nameless.email, helper.email) == (f"staff-{nameless.pk}@localhost", "helper@localhost")
    address = EmailAddress.objects.get(user=old_admin)
    assert (address.email, address.verified, address.primary) == ("root@example.com", True, True)
    assert not EmailAddress.objects.filter(user=ada).exists()
