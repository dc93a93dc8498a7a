import pytest
from django.test import Client

from accounts.models import User
from testing.factories import GuestFactory, UserFactory


@pytest.fixture
def staff(client: Client, db: None) -> User:
    """An admin, logged in."""
    staff = UserFactory.create(username="staff", is_staff=True, is_superuser=True)
    client.force_login(staff)
    return staff


def test_guests_and_accounts_can_be_filtered(client: Client, staff: User, ada: User) -> None:
    guest = GuestFactory.create()
    users = client.get("/admin/accounts/user/").content.decode()
    assert ada.email in users
    assert guest.username in users
    accounts = client.get("/admin/accounts/user/?is_guest__exact=0").content.decode()
    assert ada.email in accounts
    assert guest.username not in accounts


def test_the_admin_shows_no_password_hash(client: Client, staff: User, ada: User) -> None:
    page = client.get(f"/admin/accounts/user/{ada.pk}/change/").content.decode()
    assert "argon2" not in page
    assert ada.password not in page


def test_a_guest_cannot_be_made_staff(client: Client, staff: User) -> None:
    guest = GuestFactory.create()
    assert client.post(f"/admin/accounts/user/{guest.pk}/change/", {"is_staff": "on"}).status_code == 403


def test_the_user_list_runs_a_constant_number_of_queries(
    client: Client, staff: User, django_assert_max_num_queries: object
) -> None:
    UserFactory.create_batch(30)
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        client.get("/admin/accounts/user/")


def test_an_ordinary_account_cannot_open_the_admin(client: Client, ada: User) -> None:
    client.force_login(ada)
    assert client.get("/admin/accounts/user/").status_code == 302
