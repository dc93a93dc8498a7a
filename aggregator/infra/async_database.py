"""PostgreSQL from an event loop without Django's ORM, for the few statements that every turn runs.

Through the ORM such a statement takes several times the processor time, most of it on a thread that holds the
interpreter lock while the loop waits.
"""

from collections.abc import Awaitable, Callable, Sequence
from operator import itemgetter
from typing import Any, TypeVar

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

from aggregator.infra.batcher import Batcher
from aggregator.infra.loop_runtime import per_loop

T = TypeVar("T")
Connection = psycopg.AsyncConnection[Any]
# Reads the results of what was sent; it may send more.
Reply = Callable[[], Awaitable[T]]
Send = Callable[[Connection], Awaitable[Reply[T]]]
# Tells these connections from others in pg_stat_activity.
APPLICATION_NAME = "jjamppong turns"
CONNECT_TIMEOUT_SECONDS = 10
# How many may share a transaction: each waits for all.
MAX_BATCH = 32
# Subclasses before their bases: the first class that an error is an instance of names it.
ERROR_CLASSES = (OperationalError, IntegrityError, InterfaceError)


async def in_transaction(send: Send[T], *, order: int = 0) -> T:
    """Run statements in one transaction, to its end even when the calling task is cancelled.

    All statements are sent before the first result is read. Calls that arrive while all connections are
    busy share the next transaction; when one of them fails, each gets a transaction of its own. Inside one
    they are sorted by `order`, so that transactions that lock the same rows lock them in the same order.
    Raises Django's database errors.
    """
    result: T = await _transactions().submit((order, send))
    return result


async def close_database() -> None:
    """Finish the running loop's transactions and close its connections."""
    await _transactions.close()


class _Transactions:
    """The connections of one event loop and the batcher whose workers use them."""

    def __init__(self) -> None:
        size = settings.DATABASE_LOOP_POOL_SIZE
        batcher = Batcher(self._run, max_size=MAX_BATCH, max_workers=size, retries_alone=True)
        self._batcher: Batcher[tuple[int, Send[Any]], Any] = batcher
        self._pool: AsyncConnectionPool | None = None
        self.submit = batcher.submit

    async def close(self) -> None:
        await self._batcher.close()
        if self._pool:
            await self._pool.close()

    async def _run(self, batch: Sequence[tuple[int, Send[Any]]]) -> list[Any]:
        places = sorted(range(len(batch)), key=lambda place: batch[place][0])
        pool = await self._open_pool()
        try:
            async with pool.connection() as connection, connection.pipeline():
                await connection.execute("BEGIN")
                replies = [(place, await batch[place][1](connection)) for place in places]
                results = [(place, await reply()) for place, reply in replies]
                await connection.execute("COMMIT")
        except psycopg.Error as error:
            if isinstance(error, psycopg.OperationalError):
                # After a restart of the server all other idle connections are dead as well.
                await pool.check()
            raise _to_django_error(error) from error
        return [result for _, result in sorted(results, key=itemgetter(0))]

    async def _open_pool(self) -> AsyncConnectionPool:
        if self._pool is None:
            parameters = connections[DEFAULT_DB_ALIAS].get_connection_params()
            parameters = {
                name: value for name, value in parameters.items() if name not in {"context", "cursor_factory"}
            }
            # Unlike Django's, these statements are always the same: the server plans each of them once.
            parameters |= {"prepare_threshold": 5 if settings.DATABASE_PREPARES else None}
            parameters |= {"autocommit": True, "application_name": APPLICATION_NAME}
            size = settings.DATABASE_LOOP_POOL_SIZE
            self._pool = AsyncConnectionPool(
                kwargs=parameters, min_size=1, max_size=size, timeout=CONNECT_TIMEOUT_SECONDS, open=False
            )
            await self._pool.open()
        return self._pool


def _to_django_error(error: psycopg.Error) -> Exception:
    for kind in ERROR_CLASSES:
        if isinstance(error, getattr(psycopg, kind.__name__)):
            return kind(*error.args)
    return DatabaseError(*error.args)


_transactions = per_loop(_Transactions, _Transactions.close)
