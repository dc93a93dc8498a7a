"""Connections to Valkey for one event loop: every wait has a limit, and none loses a cancellation."""

import asyncio
from typing import Any

import redis.asyncio as redis
from redis.exceptions import TimeoutError as ValkeyTimeoutError

# Above the time that a blocking read may take; a server that vanished without a word is noticed.
SOCKET_SECONDS = 10
CONNECTIONS = 512


class _Patience:
    """Limits what redis-py's own `socket_timeout` would limit.

    That one waits by `asyncio.wait_for`, which in Python 3.11 swallows a cancellation that comes as the wait
    ends: loops that were told to end went on for ever. It also makes a task for every command.
    """

    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        """Send a command; the connection is closed when that takes too long."""
        try:
            async with asyncio.timeout(SOCKET_SECONDS):
                await super().send_packed_command(command, check_health)  # type: ignore[misc]
        except TimeoutError:
            raise ValkeyTimeoutError("a command could not be sent in time") from None

    async def read_response(self, *arguments: Any, **options: Any) -> Any:
        """Read a reply; the connection is closed when none comes."""
        try:
            async with asyncio.timeout(SOCKET_SECONDS):
                return await super().read_response(*arguments, **options)  # type: ignore[misc]
        except TimeoutError:
            raise ValkeyTimeoutError("no reply in time") from None


class PlainConnection(_Patience, redis.Connection):
    """Over TCP."""


class SecureConnection(_Patience, redis.SSLConnection):
    """Over TLS."""


class LocalConnection(_Patience, redis.UnixDomainSocketConnection):
    """Over a socket of this machine."""


CONNECTIONS_BY_KIND: dict[type, type] = {
    redis.Connection: PlainConnection,
    redis.SSLConnection: SecureConnection,
    redis.UnixDomainSocketConnection: LocalConnection,
}


def open_client(url: str) -> "redis.Redis":
    """Return a client of the running event loop; it connects when it is first used."""
    pool = redis.ConnectionPool.from_url(
        url, max_connections=CONNECTIONS, socket_timeout=None, socket_connect_timeout=SOCKET_SECONDS
    )
    pool.connection_class = CONNECTIONS_BY_KIND[pool.connection_class]
    return redis.Redis.from_pool(pool)
