"""Work of coroutines on threads: the database's, patient with a server that restarts, and the thinking."""

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
_cpu_pool = ThreadPoolExecutor(CPU_THREADS, thread_name_prefix="thinking")


async def run_in_db_thread(function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Run database work on a thread of its own, never on Django's single "thread sensitive" one."""
    reached: T = await database_sync_to_async(function, thread_sensitive=False)(*arguments, **options)
    return reached


async def run_in_cpu_pool(function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Compute on one of few threads: more of them would only take the interpreter from the loop."""
    run = partial(contextvars.copy_context().run, function, *arguments, **options)
    return await asyncio.get_running_loop().run_in_executor(_cpu_pool, run)


async def log_errors(work: Callable[[], Awaitable[object]]) -> None:
    """Await work that is done again and again anyway; whatever goes wrong with it is told in the log."""
    try:
        await work()
    except Exception:
        # Else one fault, or a server that restarts, would end for good what has to go on.
        logger.exception("background work failed and will be tried again")


async def retry_db(seconds: float, work: Callable[[], T]) -> T:
    """Run database work that may run twice, again and again while the server cannot be reached."""
    return await retry_db_async(seconds, partial(run_in_db_thread, work))


async def retry_db_async(seconds: float, work: Callable[[], Awaitable[T]]) -> T:
    """Await database work that may run twice, again and again while the server cannot be reached."""
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
