"""The database from an event loop, past Django's layers: for the few statements that every turn runs.

Through the ORM such a statement takes several times the processor time, most of it on a thread that takes the
interpreter from the loop meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

import psycopg
from django.conf import settings
from django.db import (
    DEFAULT_DB_ALIAS,
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connections,
)
from psycopg_pool import AsyncConnectionPool

T = TypeVar("T")
Connection = psycopg.AsyncConnection[Any]
# Reads what was sent before; it may send more.
Reply = Callable[[], Awaitable[T]]
Send = Callable[[Connection], Awaitable[Reply[T]]]
# How its connections are told from others in pg_stat_activity.
APPLICATION_NAME = "jjamppong turns"
CONNECT_TIMEOUT_SECONDS = 10
# How many may share a transaction: each waits for all.
MAX_BATCH = 32
# The order counts: the first kind that an error is of names it.
ERROR_CLASSES = (OperationalError, IntegrityError, InterfaceError)


async def in_transaction(send: Send[T], *, order: int = 0) -> T:
    """Run statements in one transaction, to its end even when whoever waits is cancelled.

    First all are sent, then the reply is read. Those that come while all connections are busy share the next
    transaction; when one of them fails each has one of its own. Raises Django's own errors. They stand in it
    by their `order`: two transactions that lock the same rows lock them one after the other then.
    """
    loop = asyncio.get_running_loop()
    if loop not in _batchers:
        _batchers[loop] = _TransactionBatcher()
    result: T = await _batchers[loop].submit(send, order)
    return result


async def close_database() -> None:
    """Close the running loop's connections."""
    if batcher := _batchers.pop(asyncio.get_running_loop(), None):
        await batcher.close()


class _TransactionBatcher:
    """Takes in what one event loop wants written, and has clerks who write it, each with a connection."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, Send[Any], asyncio.Future[Any]]] = []
        self._workers: set[asyncio.Task[None]] = set()
        self._pool: AsyncConnectionPool | None = None

    def submit(self, send: Send[T], order: int) -> "asyncio.Future[T]":
        """Return the result to come."""
        result: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((order, send, result))
        if len(self._workers) < settings.DATABASE_LOOP_POOL_SIZE:
            self._workers.add(asyncio.create_task(self._write_all()))
        return result

    async def close(self) -> None:
        """Let what is being written end, and hang up."""
        await asyncio.gather(*self._workers, return_exceptions=True)
        if self._pool:
            await self._pool.close()

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
                batch.sort(key=lambda each: each[0])
                await self._write([(send, result) for _, send, result in batch])
        finally:
            # Not by a callback, which comes a moment later: whoever came in between would wait for nobody.
            self._workers.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _write(self, batch: "Sequence[tuple[Send[Any], asyncio.Future[Any]]]") -> None:
        try:
            results = await self._transact([send for send, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to whoever waits
            if len(batch) > 1:
                for each in batch:
                    await self._write([each])
            elif not batch[0][1].done():
                batch[0][1].set_exception(error)
            return
        for (_, waiting), result in zip(batch, results, strict=True):
            if not waiting.done():
                waiting.set_result(result)

    async def _transact(self, sends: Sequence[Send[Any]]) -> list[Any]:
        pool = await self._open_pool()
        try:
            async with pool.connection() as connection, connection.pipeline():
                await connection.execute("BEGIN")
                replies = [await send(connection) for send in sends]
                results = [await reply() for reply in replies]
                await connection.execute("COMMIT")
            return results
        except psycopg.Error as error:
            if isinstance(error, psycopg.OperationalError):
                # A server that restarted has left all other idle connections dead as well.
                await pool.check()
            raise _to_django_error(error) from error

    async def _open_pool(self) -> AsyncConnectionPool:
        if self._pool is None:
            words = connections[DEFAULT_DB_ALIAS].get_connection_params()
            words = {
                name: value for name, value in words.items() if name not in {"context", "cursor_factory"}
            }
            # Unlike Django's, these statements are always the same: the server plans each of them once.
            words |= {"prepare_threshold": 5 if settings.DATABASE_PREPARES else None}
            words |= {"autocommit": True, "application_name": APPLICATION_NAME}
            size = settings.DATABASE_LOOP_POOL_SIZE
            self._pool = AsyncConnectionPool(
                kwargs=words, min_size=1, max_size=size, timeout=CONNECT_TIMEOUT_SECONDS, open=False
            )
            await self._pool.open()
        return self._pool


def _to_django_error(error: psycopg.Error) -> Exception:
    for kind in ERROR_CLASSES:
        if isinstance(error, getattr(psycopg, kind.__name__)):
            return kind(*error.args)
    return DatabaseError(*error.args)


_batchers: "WeakKeyDictionary[asyncio.AbstractEventLoop, _TransactionBatcher]" = WeakKeyDictionary()
