from collections.abc import Iterator

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from pytest_socket import socket_allow_hosts

from accounts.models import User
from testing.factories import UserFactory


def pytest_runtest_setup() -> None:
    """Let no test reach past this machine."""
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)


@pytest.fixture
def valkey() -> Iterator["redis.Redis"]:
    """The session's Valkey, emptied before and after."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """No test sees what another one cached."""
    cache.clear()


@pytest.fixture
def ada(db: None) -> User:
    """Ada converses."""
    return UserFactory.create(username="ada", email="ada@example.com")


@pytest.fixture
def grace(db: None) -> User:
    """Grace advertises."""
    return UserFactory.create(username="grace", email="grace@example.com")


@pytest.fixture
def mallory(db: None) -> User:
    """Mallory should not be here."""
    return UserFactory.create(username="mallory", email="mallory@example.com")
