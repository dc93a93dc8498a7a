"""Database work of coroutines: on threads of its own, and patient with a server that restarts."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async
from django.db import InterfaceError, OperationalError

logger = logging.getLogger(__name__)

FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 2.0
P = ParamSpec("P")
T = TypeVar("T")


async def off_loop(function: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Run database work on a thread of its own, never on Django's single "thread sensitive" one."""
    reached: T = await database_sync_to_async(function, thread_sensitive=False)(*arguments, **options)
    return reached


async def outlast(seconds: float, work: Callable[[], T]) -> T:
    """Run database work that may run twice, again and again while the server cannot be reached."""
    ends, wait = time.monotonic() + seconds, FIRST_WAIT_SECONDS
    while True:
        try:
            return await off_loop(work)
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() + wait > ends:
                raise
            logger.warning("database: not reached, trying again (%s)", error)
        await asyncio.sleep(wait)
        wait = min(2 * wait, LONGEST_WAIT_SECONDS)
