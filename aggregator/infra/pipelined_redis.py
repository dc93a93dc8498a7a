"""One Valkey connection for all commands of an event loop; concurrent commands share a packet."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import hiredis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as ValkeyConnectionError
from redis.exceptions import DataError, RedisError, ResponseError


def encode_command(command: tuple[Any, ...]) -> bytes:
    """Return a command in the Redis protocol; raises DataError for an invalid one."""
    # redis-py names some commands by two words.
    name, *arguments = command
    try:
        return bytes(hiredis.pack_command((*str(name).split(), *arguments)))
    except TypeError as error:
        raise DataError(str(error)) from error


class PipelinedConnection:
    """A connection shared by concurrent commands; redis-py's pool gives each command a connection of its own.

    That costs a command 0.2 ms of processor time, and a burst dozens of connections. The connection is closed
    when the server does not reply for `timeout_s` seconds. A blocking command would block all others.
    """

    def __init__(self, connect: Callable[[], AbstractConnection], timeout_s: float) -> None:
        self._connect = connect
        self._timeout_s = timeout_s
        self._outgoing: list[tuple[bytes, asyncio.Future[Any]]] = []
        self._wakeup = asyncio.Event()
        self._sending: asyncio.Task[None] | None = None
        self._current: _OpenConnection | None = None

    def send(self, *command: Any) -> "asyncio.Future[Any]":
        """Send a command and return its future reply; raises DataError at once for an invalid one."""
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._outgoing.append((encode_command(command), reply))
        self._wakeup.set()
        if self._sending is None:
            self._sending = asyncio.create_task(self._send_all())
        return reply

    async def close(self) -> None:
        """Fail all pending replies and disconnect."""
        sending, self._sending = self._sending, None
        if sending:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        if self._current:
            await self._current.disconnect(ValkeyConnectionError("closed"))
        _fail_replies((reply for _, reply in self._outgoing), ValkeyConnectionError("closed"))
        self._outgoing = []

    async def _send_all(self) -> None:
        while True:
            await self._wakeup.wait()
            self._wakeup.clear()
            batch, self._outgoing = self._outgoing, []
            try:
                async with asyncio.timeout(self._timeout_s):
                    connection = await self._ensure_connected()
                    await connection.send(batch)
            except (RedisError, OSError, TimeoutError) as error:
                failure = error if isinstance(error, RedisError) else ValkeyConnectionError(str(error))
                if self._current:
                    await self._current.disconnect(failure)
                _fail_replies((reply for _, reply in batch), failure)

    async def _ensure_connected(self) -> "_OpenConnection":
        if self._current is None or self._current.is_dead:
            connection = self._connect()
            await connection.connect()  # type: ignore[no-untyped-call]
            self._current = _OpenConnection(connection, self._timeout_s)
        return self._current


class _OpenConnection:
    """An open connection, its pending replies in order, and the task that reads them."""

    def __init__(self, connection: AbstractConnection, timeout_s: float) -> None:
        self._connection = connection
        self._timeout_s = timeout_s
        self._pending_replies: deque[asyncio.Future[Any]] = deque()
        self._has_pending = asyncio.Event()
        self._receiving = asyncio.create_task(self._receive())
        self.is_dead = False

    async def send(self, batch: list[tuple[bytes, "asyncio.Future[Any]"]]) -> None:
        """Send commands; their replies are set as they arrive."""
        self._pending_replies.extend(reply for _, reply in batch)
        self._has_pending.set()
        packet = b"".join(command for command, _ in batch)
        await self._connection.send_packed_command(packet, check_health=False)

    async def disconnect(self, failure: RedisError) -> None:
        """Fail all pending replies and close the connection."""
        self.is_dead = True
        _fail_replies(self._pending_replies, failure)
        self._pending_replies.clear()
        if asyncio.current_task() is not self._receiving:
            self._receiving.cancel()
            await asyncio.gather(self._receiving, return_exceptions=True)
        await self._connection.disconnect(nowait=True)

    async def _receive(self) -> None:
        try:
            while True:
                await self._has_pending.wait()
                self._has_pending.clear()
                while self._pending_replies:
                    # One timeout for all pending replies: one for each would cost more than reading it.
                    async with asyncio.timeout(self._timeout_s):
                        for _ in range(len(self._pending_replies)):
                            await self._read_reply()
        except (RedisError, OSError, TimeoutError) as error:
            message = str(error) or "no reply in time"
            await self.disconnect(error if isinstance(error, RedisError) else ValkeyConnectionError(message))

    async def _read_reply(self) -> None:
        try:
            found = await self._connection.read_response()
        except ResponseError as refusal:
            found = refusal
        reply = self._pending_replies.popleft()
        if reply.done():
            return
        if isinstance(found, Exception):
            reply.set_exception(found)
        else:
            reply.set_result(found)


def _fail_replies(replies: "Iterable[asyncio.Future[Any]]", failure: RedisError) -> None:
    for reply in replies:
        if not reply.done():
            reply.set_exception(failure)
            # Marks it as retrieved: the waiting task may be gone, and asyncio would log the error.
            reply.exception()
