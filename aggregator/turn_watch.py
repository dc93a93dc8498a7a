"""The web process that runs turns itself: it takes up what an earlier one left and lets turns end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings

from aggregator import runner
from aggregator.off_loop import attempt

logger = logging.getLogger(__name__)

LOOK_SECONDS = 5
Message = dict[str, Any]


async def watch_turns(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Speak ASGI's lifespan: begin to watch when the process starts, drain before it ends."""
    del scope
    watching: list[asyncio.Task[None]] = []
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            if settings.TURN_RUNNER == "here":
                watching = [asyncio.create_task(work()) for work in (_watch, _get_ready)]
            await send({"type": "lifespan.startup.complete"})
            continue
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        # What is let go here is found without a lease by the next process that watches.
        await runner.drain(settings.TURN_DRAIN_SECONDS)
        await runner.close_loop()
        await send({"type": "lifespan.shutdown.complete"})
        return


async def _get_ready() -> None:
    await runner.warm_loop()
    await runner.keep_ready()


async def _watch() -> None:
    while True:
        await attempt(_take_up)
        await asyncio.sleep(LOOK_SECONDS)


async def _take_up() -> None:
    for turn_id in await runner.find_abandoned():
        runner.begin_turn(turn_id)
