"""What a process that runs turns does beside them: warm up, refresh the snapshot, recover abandoned turns."""

import asyncio
import datetime as dt
import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.utils import timezone

from aggregator import placements
from aggregator.execution import runner
from aggregator.execution.processes.lease import is_holder_dead, lease_key
from aggregator.execution.setup import REFRESH_SECONDS, load_snapshot
from aggregator.infra.concurrency import log_errors, retry_db, run_in_cpu_pool, run_in_db_thread
from aggregator.pipeline.ranking.rank import rank
from aggregator.pipeline.types import Draft, Question
from aggregator.providers import warm_providers
from aggregator.selectors.turns import list_running_turns
from language.embed import warm
from language.reading import read_prompt

WARM_UP_PROMPT = "안녕하세요"
RECOVERY_SECONDS = 5
Message = dict[str, Any]


async def run_lifespan(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Serve ASGI's lifespan: where turns run in the web process, recover turns, and drain at its end."""
    del scope
    tasks: list[asyncio.Task[None]] = []
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            if settings.TURN_RUNNER == "here":
                tasks = [asyncio.create_task(work()) for work in (_recover_repeatedly, _warm_up)]
            await send({"type": "lifespan.startup.complete"})
            continue
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # The next process finds what is cancelled here without a lease.
        await runner.drain(settings.TURN_DRAIN_SECONDS)
        await runner.close_loop_resources()
        await send({"type": "lifespan.shutdown.complete"})
        return


async def _warm_up() -> None:
    await warm_up()
    await keep_snapshot_fresh()


async def warm_up() -> None:
    """Load what the first turn would otherwise wait for."""
    await warm_providers()
    await run_in_cpu_pool(warm)
    await run_in_cpu_pool(
        lambda: (read_prompt(WARM_UP_PROMPT).sensitivity, read_prompt(WARM_UP_PROMPT).topics)
    )
    drafts = [Draft(letter, letter, letter, 0.5, f"{WARM_UP_PROMPT} {letter}.") for letter in "ab"]
    await run_in_cpu_pool(rank, Question(WARM_UP_PROMPT, "ko"), drafts)
    await placements.warm_index()


async def keep_snapshot_fresh() -> None:
    """Reload the snapshot that turns share, for as long as the running event loop runs turns."""
    while True:
        await log_errors(partial(run_in_db_thread, load_snapshot))
        await asyncio.sleep(REFRESH_SECONDS)


async def _recover_repeatedly() -> None:
    while True:
        await log_errors(_recover_abandoned)
        await asyncio.sleep(RECOVERY_SECONDS)


async def _recover_abandoned() -> None:
    for turn_id in await find_abandoned_turns():
        runner.start_local_turn(turn_id)


async def find_abandoned_turns() -> list[uuid.UUID]:
    """Return the running turns without a living lease holder: their process died or never began."""
    turns = await retry_db(runner.DATABASE_RETRY_SECONDS, list_running_turns)
    if not turns:
        return []
    keys = [lease_key(str(public_id)) for public_id, _ in turns]
    holders = await runner.get_main_log().client.mget(keys)
    old = timezone.now() - dt.timedelta(seconds=settings.TURN_LEASE_SECONDS)
    return [
        public_id
        for (public_id, opened_at), holder in zip(turns, holders, strict=True)
        if (opened_at < old if holder is None else is_holder_dead(holder))
    ]
