"""Work that outlives a request: turns on a worker, and the recovery of turns whose process died."""

import asyncio
import contextlib
import datetime as dt
import threading
import uuid
from collections import deque
from collections.abc import Coroutine
from typing import Any

import uvloop
from celery import shared_task
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from aggregator import clearing, deleting, placements, purse, quota, runner, skills
from aggregator.handover import RUN_TASK, Handed, handed, send_turns
from aggregator.listings import offered_models
from aggregator.models import Turn
from aggregator.telemetry import continue_trace
from aggregator.tuning import settle

_loop_lock = threading.Lock()
_loops: list[asyncio.AbstractEventLoop] = []
_readiness: "list[asyncio.Task[None]]" = []
_arrived: "deque[Handed]" = deque()
_reading = threading.Lock()


def _worker_loop() -> asyncio.AbstractEventLoop:
    # All turns of a worker process share one event loop; the pool's threads only hand them to it.
    with _loop_lock:
        if not _loops:
            loop = uvloop.new_event_loop()
            threading.Thread(target=loop.run_forever, name="turns", daemon=True).start()
            _loops.append(loop)
    return _loops[0]


def _run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run_coroutine_threadsafe(coroutine, _worker_loop()).result()


def warm_worker() -> None:
    """Begin to load what the first turn would otherwise wait for."""
    asyncio.run_coroutine_threadsafe(_warm(), _worker_loop())


async def _warm() -> None:
    await runner.warm_loop()
    _readiness.append(asyncio.create_task(runner.keep_ready()))
    settle()
    # What an earlier worker of this machine left behind need not wait for the beat.
    for turn_id in await runner.find_abandoned():
        runner.begin_turn(turn_id)


def drain_worker() -> None:
    """Let this worker's turns end, and hand those that take longer to other workers."""
    if _loops:
        left = _run(runner.drain(settings.TURN_DRAIN_SECONDS))
        if left:
            send_turns([handed(turn_id) for turn_id in left])


@shared_task(name=RUN_TASK)
def run_turns(turns: list[Handed]) -> None:
    """Begin to answer turns on this worker's event loop; their rows and leases remember that they run."""
    _arrived.extend(turns)
    # Those that arrive while others are read share the next reading.
    with _reading:
        # Taken one by one: others may arrive between a copy and its clearing.
        together = [_arrived.popleft() for _ in range(len(_arrived))]
        if not together:
            return
        new: dict[uuid.UUID, Turn] = {}
        # A turn whose row cannot be read now is read with more patience once it runs.
        with contextlib.suppress(DatabaseError, InterfaceError):
            new = runner.find_new([uuid.UUID(each["turn"]) for each in together if each["is_new"]])
        _worker_loop().call_soon_threadsafe(_begin, together, new)


def _begin(turns: list[Handed], new: dict[uuid.UUID, Turn]) -> None:
    for each in turns:
        turn_id = uuid.UUID(each["turn"])
        with continue_trace(each["trace"]):
            runner.begin_turn(turn_id, new.get(turn_id))


@shared_task(name=runner.RECOVER_TASK)
def recover_turns() -> int:
    """Hand every abandoned turn to a worker and return how many there were."""
    abandoned = _run(runner.find_abandoned())
    if abandoned:
        send_turns([handed(turn_id) for turn_id in abandoned])
    return len(abandoned)


@shared_task(name="aggregator.tasks.learn_votes")
def learn_votes() -> int:
    """Take in the votes that came since the last time."""
    return skills.learn_new_votes()


@shared_task(name="aggregator.tasks.keep_pace")
def keep_pace() -> float:
    """Work the day's price of quality out anew and keep a point of its curve."""
    offer = offered_models()
    return purse.keep_pace(income_micros=placements.income_of_the_day(), offer=offer).price


@shared_task(name="aggregator.tasks.refit_skills")
def refit_skills() -> int:
    """Work the models' skills out anew from all votes."""
    return skills.refit_skills()


@shared_task(name="aggregator.tasks.clear_counts")
def clear_counts() -> int:
    """Remove what was counted on days that are over."""
    return quota.clear_counts()


@shared_task(name="aggregator.tasks.clear_guests")
def clear_guests() -> int:
    """Remove guests of long ago who left nothing."""
    return clearing.clear_guests()


@shared_task(name="aggregator.tasks.expire_called")
def expire_called() -> int:
    """Remove what programs asked so long ago that it is kept no longer."""
    return deleting.expire_called(before=timezone.now() - dt.timedelta(days=settings.API_KEEP_DAYS))
