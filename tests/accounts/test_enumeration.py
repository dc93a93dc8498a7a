"""Point 15: neither sign-up nor login tells which addresses have accounts."""

import re
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.db import connections
from django.test import Client
from pytest_django import Settings

from accounts.auth_backend import EmailBackend
from accounts.models import User
from accounts.services import create_superuser
from testing.factories import UserFactory

OWN, OTHER = "jjamppong-1234", "another-soup-5678"
STATES = ["unknown", "unverified", "verified"]
TOKEN = re.compile(rb'(value|nonce|content|datetime)="[^"]{16,}"')


@pytest.fixture(params=STATES)
def address(request: pytest.FixtureRequest, db: None) -> str:
    """An address in each state that a stranger must not be able to tell apart."""
    email = "ada@example.com"
    if request.param != "unknown":
        ada = UserFactory.create(username="ada", email=email)
        EmailAddress.objects.create(user=ada, email=email, primary=True, verified=request.param == "verified")
    return email


def describe(response: Any) -> tuple[object, ...]:
    """Return what a visitor can see of a response, without random tokens."""
    cookies = sorted(response.cookies)
    return response.status_code, response.headers.get("Location"), cookies, TOKEN.sub(b"", response.content)


def make_journey(email: str) -> list[tuple[object, ...]]:
    """Sign up, look around, log out, log in again with a wrong and the right password."""
    client = Client()
    steps = [
        client.post("/accounts/signup/", {"email": email.upper(), "password1": OTHER}),
        client.get("/accounts/me/"),
        client.get("/accounts/email/"),
        client.post("/accounts/logout/"),
        client.post("/accounts/login/", {"login": email, "password": "wrong-password"}),
        client.post("/accounts/login/", {"login": email, "password": OTHER}),
        client.get("/accounts/email/"),
        client.post("/accounts/password/reset/", {"email": email}),
    ]
    assert [step.status_code for step in steps] == [302, 200, 200, 302, 200, 302, 200, 302]
    return [describe(step) for step in steps]


JOURNEYS: dict[str, list[tuple[object, ...]]] = {}


def test_a_stranger_s_journey_is_the_same_for_every_address(
    address: str, request: pytest.FixtureRequest
) -> None:
    JOURNEYS[request.node.callspec.params["address"]] = make_journey(address)
    first = next(iter(JOURNEYS.values()))
    for state, journey in JOURNEYS.items():
        for step, (seen, expected) in enumerate(zip(journey, first, strict=True)):
            assert seen == expected, (state, step)


@pytest.mark.parametrize("verification", ["none", "optional", "mandatory"])
def test_sign_up_answers_alike_whatever_the_verification(
    address: str, settings: Settings, verification: str
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = verification
    response = Client().post("/accounts/signup/", {"email": address, "password1": OTHER})
    assert response.status_code == 302
    expected = "/accounts/confirm-email/" if verification == "mandatory" else "/"
    assert response.headers["Location"] == expected
    assert [message.to for message in mail.outbox] == ([] if verification == "none" else [[address]])


def test_the_owner_s_account_stays_the_owner_s(ada: User) -> None:
    EmailAddress.objects.create(user=ada, email=ada.email, primary=True, verified=True)
    stranger = Client()
    assert stranger.post("/accounts/signup/", {"email": ada.email, "password1": OTHER}).status_code == 302
    twin = User.objects.exclude(pk=ada.pk).get()
    assert not EmailAddress.objects.get(user=twin).verified
    owner = Client()
    assert owner.post("/accounts/login/", {"login": ada.email, "password": OWN}).status_code == 302
    assert owner.session["_auth_user_id"] == str(ada.pk)
    mail.outbox.clear()
    Client().post("/accounts/password/reset/", {"email": ada.email})
    assert len(mail.outbox) == 1 and "/password/reset/key/" in str(mail.outbox[0].body)


def test_further_accounts_of_an_address_do_not_lock_its_owner_out(ada: User) -> None:
    UserFactory.create_batch(30, email=ada.email, password=OTHER)
    client = Client()
    assert client.post("/accounts/login/", {"login": ada.email, "password": OWN}).status_code == 302
    assert client.session["_auth_user_id"] == str(ada.pk)


def test_signing_up_with_the_password_of_the_account_logs_in(client: Client, ada: User) -> None:
    response = client.post("/accounts/signup/", {"email": "ADA@example.com", "password1": OWN})
    assert (response.status_code, response.headers["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(ada.pk)
    assert User.objects.count() == 1


def test_sign_up_is_no_way_around_the_limit_of_guesses(client: Client, ada: User) -> None:
    for number in range(5):
        client.post("/accounts/signup/", {"email": ada.email, "password1": f"guess-number-{number}"})
        client.logout()
    page = client.post("/accounts/signup/", {"email": ada.email, "password1": OWN})
    assert page.status_code == 429
    assert client.get("/accounts/me/").status_code == 302


@pytest.mark.django_db(transaction=True)
def test_a_double_submit_creates_one_account() -> None:
    def submit(_: int) -> int:
        try:
            form = {"email": "ada@example.com", "password1": OWN}
            return Client().post("/accounts/signup/", form).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(submit, range(3))) == [302] * 3
    assert User.objects.count() == 1


def test_an_attempt_takes_as_long_for_every_address(db: None) -> None:
    for number in range(2):
        UserFactory.create(email="two@example.com", username=f"two{number}")
    UserFactory.create(email="one@example.com", username="one")
    times = {}
    for email in ("none@example.com", "one@example.com", "two@example.com"):
        taken = []
        for _ in range(5):
            # Of the process: other processes of the machine must not count.
            started = time.process_time()
            EmailBackend()._authenticate_by_email(email, "wrong-password")
            taken.append(time.process_time() - started)
        times[email] = statistics.median(taken)
    assert max(times.values()) < 1.5 * min(times.values()), times


class HashCounter(Argon2PasswordHasher):
    """Counts the hashes that are computed, of which each takes the same time."""

    computed = 0

    def encode(self, password: str, salt: str) -> str:
        """Compute a new hash."""
        HashCounter.computed += 1
        return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        """Compute the hash of an attempt."""
        HashCounter.computed += 1
        return super().verify(password, encoded)


def count_hashes(email: str, password: str) -> int:
    """Return how many hashes an attempt to log in computes."""
    before = HashCounter.computed
    EmailBackend()._authenticate_by_email(email, password)
    return HashCounter.computed - before


def test_a_login_computes_one_hash_and_a_failure_as_many_for_every_address(
    db: None, settings: Settings
) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.HashCounter"]
    # Older as a row than the account of its address: it signs up later, after having been a guest.
    guest = UserFactory.create(username="guest", email="", password=OTHER)
    for number, names in enumerate([[], ["ada"], ["bea", "ben"]]):
        for name in names:
            user = UserFactory.create(username=name, email=f"{number}@example.com", password=OWN)
            EmailAddress.objects.create(user=user, email=user.email)
    assert {count_hashes(f"{number}@example.com", "wrong-password") for number in range(3)} == {3}
    assert count_hashes("1@example.com", OWN) == 1
    User.objects.filter(pk=guest.pk).update(email="1@example.com")
    EmailAddress.objects.create(user=guest, email="1@example.com")
    assert count_hashes("1@example.com", OTHER) == 1
    assert count_hashes("1@example.com", "wrong-password") == 3


def test_accounts_are_not_piled_up_on_an_address(address: str) -> None:
    before = User.objects.count()
    statuses = [
        Client()
        .post("/accounts/signup/", {"email": address, "password1": f"another-soup-{number}"})
        .status_code
        for number in range(4)
    ]
    assert statuses == [302, 302, 429, 429]
    assert User.objects.count() == before + 2


def test_a_superuser_of_the_command_line_logs_in_by_an_address_in_any_case(client: Client, db: None) -> None:
    User.objects.create_superuser("root", "Root@Example.com", OWN)
    create_superuser(username="admin", email="Admin@localhost", password=OWN)
    for email in ("root@example.com", "ROOT@EXAMPLE.COM", "admin@localhost"):
        cache.clear()
        assert client.post("/accounts/login/", {"login": email, "password": OWN}).status_code == 302, email
        client.post("/accounts/logout/")


def test_a_session_of_the_release_before_stays_valid(client: Client, ada: User) -> None:
    client.force_login(ada, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get("/accounts/me/").status_code == 200
