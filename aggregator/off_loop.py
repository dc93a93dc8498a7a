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

FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 2.0
THINKERS = 2
P = ParamSpec("P")
T = TypeVar("T")
_thinkers = ThreadPoolExecutor(THINKERS, thread_name_prefix="thinking")


async def off_loop(function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Run database work on a thread of its own, never on Django's single "thread sensitive" one."""
    reached: T = await database_sync_to_async(function, thread_sensitive=False)(*arguments, **options)
    return reached


async def think(function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Compute on one of few threads: more of them would only take the interpreter from the loop."""
    run = partial(contextvars.copy_context().run, function, *arguments, **options)
    return await asyncio.get_running_loop().run_in_executor(_thinkers, run)


async def attempt(work: Callable[[], Awaitable[object]]) -> None:
    """Await work that is done again and again anyway; whatever goes wrong with it is told in the log."""
    try:
        await work()
    except Exception:
        # Else one fault, or a server that restarts, would end for good what has to go on.
        logger.exception("background work failed and will be tried again")


async def outlast(seconds: float, work: Callable[[], T]) -> T:
    """Run database work that may run twice, again and again while the server cannot be reached."""
    return await outlast_here(seconds, partial(off_loop, work))


async def outlast_here(seconds: float, work: Callable[[], Awaitable[T]]) -> T:
    """Await database work that may run twice, again and again while the server cannot be reached."""
    ends, wait = time.monotonic() + seconds, FIRST_WAIT_SECONDS
    while True:
        try:
            return await work()
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() + wait > ends:
                raise
            logger.warning("database: not reached, trying again (%s)", error)
        await asyncio.sleep(wait)
        wait = min(2 * wait, LONGEST_WAIT_SECONDS)
