import threading
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.utils import translation
from pytest_socket import socket_allow_hosts

from accounts.models import User
from testing.factories import UserFactory
from testing.process_memory import forget_process_memory

# Connections that threads other than the main one opened. While they stand here, nothing collects them.
_thread_connections: list[tuple[threading.Thread, BaseDatabaseWrapper]] = []


def pytest_configure() -> None:
    """Keep the connections of threads, so that they can be closed after the thread."""
    connection_created.connect(_keep_thread_connection)


def _keep_thread_connection(connection: BaseDatabaseWrapper, **_: Any) -> None:
    thread = threading.current_thread()
    if thread is not threading.main_thread():
        _thread_connections.append((thread, connection))


@pytest.fixture(autouse=True)
def _close_thread_connections() -> Iterator[None]:
    """Close what threads of this test left open: those of an event loop's executor never close theirs."""
    yield
    for kept in list(_thread_connections):
        thread, connection = kept
        if not thread.is_alive():
            connection.inc_thread_sharing()
            connection.close()
            _thread_connections.remove(kept)


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
def empty_caches() -> None:
    """Empty Valkey, where the cache is too, and what this process keeps in memory of another test."""
    cache.clear()
    forget_process_memory()


@pytest.fixture(autouse=True)
def _default_language() -> None:
    """Forget the language that a request of an earlier test left active in this thread."""
    translation.deactivate()


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
