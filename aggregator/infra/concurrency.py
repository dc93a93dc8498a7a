"""Running blocking work from coroutines: database work with retries, and CPU work on few threads."""

import asyncio
import contextvars
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async
from django.db import InterfaceError, OperationalError

logger = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 0.1
MAX_RETRY_SECONDS = 2.0
CPU_THREADS = 2
P = ParamSpec("P")
T = TypeVar("T")
_cpu_pool = ThreadPoolExecutor(CPU_THREADS, thread_name_prefix="cpu")


async def run_in_db_thread(function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Run database work on a pool thread, not on Django's single "thread sensitive" one."""
    result: T = await database_sync_to_async(function, thread_sensitive=False)(*arguments, **options)
    return result


async def run_in_cpu_pool(function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Run CPU work on one of CPU_THREADS threads; more would only take the interpreter lock from the loop."""
    run = partial(contextvars.copy_context().run, function, *arguments, **options)
    return await asyncio.get_running_loop().run_in_executor(_cpu_pool, run)


async def log_errors(work: Callable[[], Awaitable[object]]) -> None:
    """Await one round of periodic work; an error is logged, as the next round tries again."""
    try:
        await work()
    except Exception:
        # Otherwise one error, or a restarting server, would end the periodic work for good.
        logger.exception("background work failed and will be tried again")


async def retry_db(seconds: float, work: Callable[[], T]) -> T:
    """Run repeatable database work, with retries for so many seconds while the server is unreachable."""
    return await retry_db_async(seconds, partial(run_in_db_thread, work))


async def retry_db_async(seconds: float, work: Callable[[], Awaitable[T]]) -> T:
    """Await repeatable database work, with retries for so many seconds while the server is unreachable."""
    ends, wait = time.monotonic() + seconds, FIRST_RETRY_SECONDS
    while True:
        try:
            return await work()
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() + wait > ends:
                raise
            logger.warning("database: not reached, trying again (%s)", error)
        await asyncio.sleep(wait)
        wait = min(2 * wait, MAX_RETRY_SECONDS)
