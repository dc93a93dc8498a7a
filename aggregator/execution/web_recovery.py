"""The web process that runs turns itself: it takes up what an earlier one left and lets turns end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings

from aggregator.execution import runner
from aggregator.infra.concurrency import log_errors

logger = logging.getLogger(__name__)

RECOVERY_SECONDS = 5
Message = dict[str, Any]


async def run_lifespan(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Speak ASGI's lifespan: begin to watch when the process starts, drain before it ends."""
    del scope
    watching: list[asyncio.Task[None]] = []
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            if settings.TURN_RUNNER == "here":
                watching = [asyncio.create_task(work()) for work in (_recover_repeatedly, _warm_up)]
            await send({"type": "lifespan.startup.complete"})
            continue
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        # What is let go here is found without a lease by the next process that watches.
        await runner.drain(settings.TURN_DRAIN_SECONDS)
        await runner.close_loop_resources()
        await send({"type": "lifespan.shutdown.complete"})
        return


async def _warm_up() -> None:
    await runner.warm_up()
    await runner.keep_snapshot_fresh()


async def _recover_repeatedly() -> None:
    while True:
        await log_errors(_recover_abandoned)
        await asyncio.sleep(RECOVERY_SECONDS)


async def _recover_abandoned() -> None:
    for turn_id in await runner.find_abandoned():
        runner.start_local_turn(turn_id)
