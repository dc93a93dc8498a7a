"""Carries the commands of one event loop to Valkey over one connection: those of one moment in one packet."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import hiredis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as ValkeyConnectionError
from redis.exceptions import DataError, RedisError, ResponseError


def pack(command: tuple[Any, ...]) -> bytes:
    """Return a command as it travels; raises DataError for what is no command."""
    # redis-py names some commands by two words.
    name, *given = command
    try:
        return bytes(hiredis.pack_command((*str(name).split(), *given)))
    except TypeError as error:
        raise DataError(str(error)) from error


class Courier:
    """A connection that serves many at once; redis-py's pool lends each command a connection of its own.

    That costs a command a fifth of a millisecond of processor time, and a burst dozens of connections.
    A server that says nothing for `patience_s` is given up. Blocking commands would block all others.
    """

    def __init__(self, connect: Callable[[], AbstractConnection], patience_s: float) -> None:
        self._connect = connect
        self._patience_s = patience_s
        self._outgoing: list[tuple[bytes, asyncio.Future[Any]]] = []
        self._news = asyncio.Event()
        self._sending: asyncio.Task[None] | None = None
        self._line: _Line | None = None

    def send(self, *command: Any) -> "asyncio.Future[Any]":
        """Send a command and return its reply to come; raises RedisError at once for what is no command."""
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._outgoing.append((pack(command), reply))
        self._news.set()
        if self._sending is None:
            self._sending = asyncio.create_task(self._send_all())
        return reply

    async def close(self) -> None:
        """Fail what is still owed and hang up."""
        sending, self._sending = self._sending, None
        if sending:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        if self._line:
            await self._line.hang_up(ValkeyConnectionError("closed"))
        _fail((reply for _, reply in self._outgoing), ValkeyConnectionError("closed"))
        self._outgoing = []

    async def _send_all(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            batch, self._outgoing = self._outgoing, []
            try:
                async with asyncio.timeout(self._patience_s):
                    line = await self._reach()
                    await line.send(batch)
            except (RedisError, OSError, TimeoutError) as error:
                failure = error if isinstance(error, RedisError) else ValkeyConnectionError(str(error))
                if self._line:
                    await self._line.hang_up(failure)
                _fail((reply for _, reply in batch), failure)

    async def _reach(self) -> "_Line":
        if self._line is None or self._line.is_dead:
            connection = self._connect()
            await connection.connect()  # type: ignore[no-untyped-call]
            self._line = _Line(connection, self._patience_s)
        return self._line


class _Line:
    """One connection, the replies it still owes in their order, and the task that takes them in."""

    def __init__(self, connection: AbstractConnection, patience_s: float) -> None:
        self._connection = connection
        self._patience_s = patience_s
        self._owed: deque[asyncio.Future[Any]] = deque()
        self._owing = asyncio.Event()
        self._receiving = asyncio.create_task(self._receive())
        self.is_dead = False

    async def send(self, batch: list[tuple[bytes, "asyncio.Future[Any]"]]) -> None:
        """Send commands; their replies are set as they come."""
        self._owed.extend(reply for _, reply in batch)
        self._owing.set()
        packet = b"".join(command for command, _ in batch)
        await self._connection.send_packed_command(packet, check_health=False)

    async def hang_up(self, failure: RedisError) -> None:
        """Fail all that is owed; the line is of no more use."""
        self.is_dead = True
        _fail(self._owed, failure)
        self._owed.clear()
        if asyncio.current_task() is not self._receiving:
            self._receiving.cancel()
            await asyncio.gather(self._receiving, return_exceptions=True)
        await self._connection.disconnect(nowait=True)

    async def _receive(self) -> None:
        try:
            while True:
                await self._owing.wait()
                self._owing.clear()
                while self._owed:
                    # One limit for all that is owed now: one for each reply would cost more than the reply.
                    async with asyncio.timeout(self._patience_s):
                        for _ in range(len(self._owed)):
                            await self._take_reply()
        except (RedisError, OSError, TimeoutError) as error:
            message = str(error) or "no reply in time"
            await self.hang_up(error if isinstance(error, RedisError) else ValkeyConnectionError(message))

    async def _take_reply(self) -> None:
        try:
            found = await self._connection.read_response()
        except ResponseError as refusal:
            found = refusal
        reply = self._owed.popleft()
        if reply.done():
            return
        if isinstance(found, Exception):
            reply.set_exception(found)
        else:
            reply.set_result(found)


def _fail(replies: "Iterable[asyncio.Future[Any]]", failure: RedisError) -> None:
    for reply in replies:
        if not reply.done():
            reply.set_exception(failure)
            # Whoever asked may be gone; nobody has to hear of it then.
            reply.exception()
