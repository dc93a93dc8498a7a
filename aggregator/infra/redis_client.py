"""Connections to Valkey for one event loop: every wait has a limit, and none loses a cancellation."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, cast

import redis.asyncio as redis
from redis.exceptions import ConnectionError as ValkeyConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as ValkeyTimeoutError

from aggregator.infra.pipelined_redis import PipelinedConnection, encode_command

# Above the time that a blocking read may take; a server that vanished without a word is noticed.
SOCKET_TIMEOUT_SECONDS = 10


class _CancellableTimeouts:
    """Limits what redis-py's own `socket_timeout` would limit.

    That one waits by `asyncio.wait_for`, which in Python 3.11 swallows a cancellation that comes as the wait
    ends: loops that were told to end went on for ever. It also makes a task for every command.
    """

    def pack_command(self, *command: Any) -> list[bytes]:
        """Return a command as it travels; a read of a thousand turns takes redis-py several milliseconds."""
        return [encode_command(command)]

    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        """Send a command; the connection is closed when that takes too long."""
        try:
            async with asyncio.timeout(SOCKET_TIMEOUT_SECONDS):
                await super().send_packed_command(command, check_health)  # type: ignore[misc]
        except TimeoutError:
            raise ValkeyTimeoutError("a command could not be sent in time") from None

    async def read_response(self, *arguments: Any, **options: Any) -> Any:
        """Read a reply; the connection is closed when none comes."""
        try:
            async with asyncio.timeout(SOCKET_TIMEOUT_SECONDS):
                return await super().read_response(*arguments, **options)  # type: ignore[misc]
        except TimeoutError:
            raise ValkeyTimeoutError("no reply in time") from None


class TcpConnection(_CancellableTimeouts, redis.Connection):
    """Over TCP."""


class TlsConnection(_CancellableTimeouts, redis.SSLConnection):
    """Over TLS."""


class UnixSocketConnection(_CancellableTimeouts, redis.UnixDomainSocketConnection):
    """Over a socket of this machine."""


CONNECTIONS_BY_KIND: dict[type, type] = {
    redis.Connection: TcpConnection,
    redis.SSLConnection: TlsConnection,
    redis.UnixDomainSocketConnection: UnixSocketConnection,
}


class PipelinedClient(redis.Redis):
    """A client whose commands all travel on one connection; none of them may block."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._pipelined: PipelinedConnection | None = None

    async def execute_command(self, *arguments: Any, **options: Any) -> Any:
        """Send a command; one that was on its way as the connection broke is sent once more."""
        try:
            reply = await self._send(*arguments)
        except ValkeyConnectionError:
            reply = await self._send(*arguments)
        read = self.response_callbacks.get(arguments[0])
        options.pop("keys", None)
        return read(reply, **options) if read else reply

    async def send_all(self, commands: Iterable[Sequence[Any]]) -> list[Any]:
        """Send commands together; a refused one's reply is its ResponseError. Raises ConnectionError."""
        owed, replies = [self._send(*command) for command in commands], []
        # They come in their order: one after the other is awaited in less time than all together.
        for reply in owed:
            try:
                replies.append(await reply)
            except ResponseError as refusal:
                replies.append(refusal)
        return replies

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Hang up."""
        if self._pipelined:
            await self._pipelined.close()
            self._pipelined = None
        await super().aclose(close_connection_pool)

    def _send(self, *command: Any) -> "asyncio.Future[Any]":
        if self._pipelined is None:
            self._pipelined = PipelinedConnection(
                self.connection_pool.make_connection, SOCKET_TIMEOUT_SECONDS
            )
        return self._pipelined.send(*command)


def open_client(url: str) -> PipelinedClient:
    """Return a client of the running event loop for all that does not block; it connects at first use."""
    pool = redis.ConnectionPool.from_url(
        url, socket_timeout=None, socket_connect_timeout=SOCKET_TIMEOUT_SECONDS
    )
    return cast(PipelinedClient, PipelinedClient.from_pool(pool))


def open_blocking_client(url: str) -> "redis.Redis":
    """Return a client of the running event loop for commands that block; it connects at first use."""
    pool = redis.ConnectionPool.from_url(
        url, socket_timeout=None, socket_connect_timeout=SOCKET_TIMEOUT_SECONDS
    )
    pool.connection_class = CONNECTIONS_BY_KIND[pool.connection_class]
    return redis.Redis.from_pool(pool)
