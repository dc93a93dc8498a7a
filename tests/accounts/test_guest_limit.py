"""The hourly limit of new guests per network; known guests and accounts are not limited."""

import uuid
from itertools import count

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.guests import GUEST_COOKIE, network_prefix, sign_guest_key
from accounts.models import User
from accounts.services import TooManyGuestsError, get_or_create_user

FIRST, SECOND = "93.184.216.34", "8.8.8.8"
numbers = count(1)


def scope_of(address: str, *, key: uuid.UUID | None = None, cookie: str = "") -> dict[str, object]:
    """Return a websocket scope with a client address and, by default, a new guest's cookie."""
    cookie = cookie or f"{GUEST_COOKIE}={sign_guest_key(key or uuid.uuid4())}"
    headers = [(b"host", b"localhost"), (b"cookie", cookie.encode())]
    return {"type": "websocket", "headers": headers, "client": (address, next(numbers))}


@pytest.mark.django_db
def test_a_network_over_its_limit_gets_no_further_guest(settings: Settings, ada: User) -> None:
    settings.NEW_GUESTS_PER_HOUR = 2
    known = uuid.uuid4()
    get_or_create_user(scope_of(FIRST, key=known))
    get_or_create_user(scope_of(FIRST))
    for _ in range(2):
        with pytest.raises(TooManyGuestsError):
            get_or_create_user(scope_of(FIRST))
    assert User.objects.filter(is_guest=True).count() == 2

    returning = get_or_create_user(scope_of(FIRST, key=known))
    assert returning is not None and returning.guest_key == known
    assert get_or_create_user(scope_of(SECOND)) is not None
    client = Client()
    client.force_login(ada)
    session = f"sessionid={client.cookies['sessionid'].value}"
    assert get_or_create_user(scope_of(FIRST, cookie=session)) == ada


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.1.2.3", "172.18.0.1", "not an address", ""])
def test_private_addresses_are_not_limited(settings: Settings, address: str) -> None:
    settings.NEW_GUESTS_PER_HOUR = 1
    assert all(get_or_create_user(scope_of(address)) for _ in range(3))


@pytest.mark.django_db
def test_zero_disables_the_limit(settings: Settings) -> None:
    settings.NEW_GUESTS_PER_HOUR = 0
    assert all(get_or_create_user(scope_of(FIRST)) for _ in range(3))


@pytest.mark.django_db
def test_without_valkey_the_limit_is_off(settings: Settings) -> None:
    settings.NEW_GUESTS_PER_HOUR = 1
    unreachable = "redis://127.0.0.1:1/0"
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": unreachable}
    }
    assert all(get_or_create_user(scope_of(FIRST)) for _ in range(3))


def test_a_network_is_an_ipv4_address_or_an_ipv6_64() -> None:
    assert network_prefix(FIRST) == FIRST
    assert network_prefix(f"::ffff:{FIRST}") == FIRST
    assert network_prefix("2606:4700:1:2:3::4") == network_prefix("2606:4700:1:2::9") == "2606:4700:1:2::/64"
    assert network_prefix("2606:4700:1:3::4") != network_prefix("2606:4700:1:2::9")
