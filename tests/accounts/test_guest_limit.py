"""A network brings only so many new guests in an hour; whoever is known, or logs in, is not counted."""

import uuid
from itertools import count

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.guest_limit import client_address, network_prefix
from accounts.guests import GUEST_COOKIE, sign_guest_key
from accounts.models import User
from accounts.services import TooManyGuestsError, get_or_create_user

HOME, OTHER = "93.184.216.34", "8.8.8.8"
numbers = count(1)


def scope_of(
    address: str, *, key: uuid.UUID | None = None, cookie: str = "", forwarded: str = ""
) -> dict[str, object]:
    """Return the scope of a socket that a browser at an address opens, with a new guest's cookie."""
    cookie = cookie or f"{GUEST_COOKIE}={sign_guest_key(key or uuid.uuid4())}"
    headers = [(b"host", b"localhost"), (b"cookie", cookie.encode())]
    if forwarded:
        headers.append((b"x-forwarded-for", forwarded.encode()))
    return {"type": "websocket", "headers": headers, "client": (address, next(numbers))}


@pytest.mark.django_db
def test_a_network_that_brought_its_hour_s_guests_brings_no_further_one(
    settings: Settings, ada: User
) -> None:
    settings.NEW_GUESTS_PER_HOUR = 2
    known = uuid.uuid4()
    get_or_create_user(scope_of(HOME, key=known))
    get_or_create_user(scope_of(HOME))
    for _ in range(2):
        with pytest.raises(TooManyGuestsError):
            get_or_create_user(scope_of(HOME))
    assert User.objects.filter(is_guest=True).count() == 2

    back = get_or_create_user(scope_of(HOME, key=known))
    assert back is not None and back.guest_key == known
    assert get_or_create_user(scope_of(OTHER)) is not None
    client = Client()
    client.force_login(ada)
    session = f"sessionid={client.cookies['sessionid'].value}"
    assert get_or_create_user(scope_of(HOME, cookie=session)) == ada


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.1.2.3", "172.18.0.1", "not an address", ""])
def test_an_address_that_tells_nobody_apart_is_not_counted(settings: Settings, address: str) -> None:
    settings.NEW_GUESTS_PER_HOUR = 1
    assert all(get_or_create_user(scope_of(address)) for _ in range(3))


@pytest.mark.django_db
def test_zero_counts_nobody(settings: Settings) -> None:
    settings.NEW_GUESTS_PER_HOUR = 0
    assert all(get_or_create_user(scope_of(HOME)) for _ in range(3))


@pytest.mark.django_db
def test_without_valkey_everybody_comes_in(settings: Settings) -> None:
    settings.NEW_GUESTS_PER_HOUR = 1
    gone = "redis://127.0.0.1:1/0"
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": gone}
    }
    assert all(get_or_create_user(scope_of(HOME)) for _ in range(3))


def test_the_address_is_what_trusted_proxies_say_and_nobody_else(settings: Settings) -> None:
    forged = scope_of(HOME, forwarded=f"{OTHER}, 1.2.3.4")
    assert client_address(forged) == HOME
    settings.TRUSTED_PROXY_COUNT = 1
    assert client_address(forged) == "1.2.3.4"
    settings.TRUSTED_PROXY_COUNT = 2
    assert client_address(forged) == OTHER
    assert client_address(scope_of(HOME)) == HOME
    assert client_address({"type": "websocket", "client": None}) == ""


def test_a_household_is_an_address_of_ipv4_and_half_of_one_of_ipv6() -> None:
    assert network_prefix(HOME) == HOME
    assert network_prefix(f"::ffff:{HOME}") == HOME
    assert network_prefix("2606:4700:1:2:3::4") == network_prefix("2606:4700:1:2::9") == "2606:4700:1:2::/64"
    assert network_prefix("2606:4700:1:3::4") != network_prefix("2606:4700:1:2::9")
