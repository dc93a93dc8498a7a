"""Valkey clients for one event loop; every wait has a timeout, and no cancellation is lost."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, cast

import redis.asyncio as redis
from redis.exceptions import ConnectionError as ValkeyConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as ValkeyTimeoutError

from aggregator.infra.pipelined_redis import PipelinedConnection, encode_command

# Longer than any blocking read; it detects a server that vanished without closing the connection.
SOCKET_TIMEOUT_SECONDS = 10


class _CancellableTimeouts:
    """Timeouts in place of redis-py's `socket_timeout`.

    That one uses `asyncio.wait_for`, which in Python 3.11 swallows a cancellation that arrives as the wait
    ends, so that cancelled loops went on for ever. It also creates a task for every command.
    """

    def pack_command(self, *command: Any) -> list[bytes]:
        """Encode a command by hiredis; a read of a thousand streams takes redis-py several milliseconds."""
        return [encode_command(command)]

    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        """Send a command; raises TimeoutError of redis-py."""
        try:
            async with asyncio.timeout(SOCKET_TIMEOUT_SECONDS):
                await super().send_packed_command(command, check_health)  # type: ignore[misc]
        except TimeoutError:
            raise ValkeyTimeoutError("a command could not be sent in time") from None

    async def read_response(self, *arguments: Any, **options: Any) -> Any:
        """Read a reply; raises TimeoutError of redis-py."""
        try:
            async with asyncio.timeout(SOCKET_TIMEOUT_SECONDS):
                return await super().read_response(*arguments, **options)  # type: ignore[misc]
        except TimeoutError:
            raise ValkeyTimeoutError("no reply in time") from None


class TcpConnection(_CancellableTimeouts, redis.Connection):
    """A connection over TCP."""


class TlsConnection(_CancellableTimeouts, redis.SSLConnection):
    """A connection over TLS."""


class UnixSocketConnection(_CancellableTimeouts, redis.UnixDomainSocketConnection):
    """A connection over a Unix domain socket."""


CONNECTIONS_BY_KIND: dict[type, type] = {
    redis.Connection: TcpConnection,
    redis.SSLConnection: TlsConnection,
    redis.UnixDomainSocketConnection: UnixSocketConnection,
}


class PipelinedClient(redis.Redis):
    """A client with one pipelined connection; its commands must not block."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._pipelined: PipelinedConnection | None = None

    async def execute_command(self, *arguments: Any, **options: Any) -> Any:
        """Send a command; it is sent once more when the connection breaks before its reply."""
        try:
            reply = await self.send(*arguments)
        except ValkeyConnectionError:
            reply = await self.send(*arguments)
        read = self.response_callbacks.get(arguments[0])
        options.pop("keys", None)
        return read(reply, **options) if read else reply

    async def send_all(self, commands: Iterable[Sequence[Any]]) -> list[Any]:
        """Send commands together; the reply of a failed one is its ResponseError. Raises ConnectionError."""
        pending, replies = [self.send(*command) for command in commands], []
        # They arrive in order: awaiting them one by one costs less than asyncio.gather.
        for reply in pending:
            try:
                replies.append(await reply)
            except ResponseError as error:
                replies.append(error)
        return replies

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Disconnect."""
        if self._pipelined:
            await self._pipelined.close()
            self._pipelined = None
        await super().aclose(close_connection_pool)

    def send(self, *command: Any) -> "asyncio.Future[Any]":
        """Send a command and return its future reply, as Valkey gives it."""
        if self._pipelined is None:
            self._pipelined = PipelinedConnection(
                self.connection_pool.make_connection, SOCKET_TIMEOUT_SECONDS
            )
        return self._pipelined.send(*command)


def open_client(url: str) -> PipelinedClient:
    """Return a pipelined client for the running event loop; it connects at first use."""
    pool = redis.ConnectionPool.from_url(
        url, socket_timeout=None, socket_connect_timeout=SOCKET_TIMEOUT_SECONDS
    )
    return cast(PipelinedClient, PipelinedClient.from_pool(pool))


def open_blocking_client(url: str) -> "redis.Redis":
    """Return a client for blocking commands on the running event loop; it connects at first use."""
    pool = redis.ConnectionPool.from_url(
        url, socket_timeout=None, socket_connect_timeout=SOCKET_TIMEOUT_SECONDS
    )
    pool.connection_class = CONNECTIONS_BY_KIND[pool.connection_class]
    return redis.Redis.from_pool(pool)
