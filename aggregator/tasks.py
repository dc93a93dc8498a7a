"""Celery tasks: running turns on a worker, recovering abandoned turns, and periodic upkeep."""

import asyncio
import contextlib
import datetime as dt
import threading
import uuid
from collections.abc import Coroutine, Sequence
from typing import Any

import uvloop
from celery import shared_task
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from aggregator import placements
from aggregator.budgeting import budget
from aggregator.calibration import processes
from aggregator.execution import runner
from aggregator.execution.processes.dispatch import RUN_TASK, TurnTask, build_turn_task, send_turn_tasks
from aggregator.execution.processes.hand_over import TurnReader
from aggregator.execution.processes.lifecycle import find_abandoned_turns, keep_snapshot_fresh, warm_up
from aggregator.infra.batcher import Batcher
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.infra.loop_runtime import per_loop
from aggregator.infra.telemetry import continue_trace
from aggregator.infra.tune_gc import tune_gc
from aggregator.models import Turn
from aggregator.pipeline.routing.initial_price import find_initial_price
from aggregator.ratings import ratings
from aggregator.selectors.turns import find_unstarted_turns
from aggregator.services import deletion, provider_checks
from aggregator.services.listings import list_offered_models
from aggregator.storage import quota

_loop_lock = threading.Lock()
_loops: list[asyncio.AbstractEventLoop] = []
_background_tasks: "list[asyncio.Task[None]]" = []
_readers: list[TurnReader] = []
MAX_STARTED_TOGETHER = 1_000


def _worker_loop() -> asyncio.AbstractEventLoop:
    # All turns of a worker process share one event loop; the threads of the pool only submit to it.
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
    _readers.append(TurnReader(runner.get_main_log().client, runner.start_received_turn))
    await warm_up()
    _background_tasks.append(asyncio.create_task(keep_snapshot_fresh()))
    tune_gc()
    # Turns that an earlier worker of this machine left need not wait for the periodic task.
    for turn_id in await find_abandoned_turns():
        runner.start_local_turn(turn_id)


def drain_worker() -> None:
    """Let this worker's turns end, and send those that take longer to other workers."""
    if _loops:
        left = _run(_stop_taking_and_drain())
        if left:
            send_turn_tasks([build_turn_task(turn_id) for turn_id in left])


async def _stop_taking_and_drain() -> list[uuid.UUID]:
    while _readers:
        await _readers.pop().stop()
    return await runner.drain(settings.TURN_DRAIN_SECONDS)


@shared_task(name=RUN_TASK)
def run_turns(turns: list[TurnTask]) -> None:
    """Begin to answer turns on this worker's event loop; their rows and leases record that they run."""
    _run(_start_all(turns))


async def _start_all(turns: list[TurnTask]) -> None:
    await asyncio.gather(*map(_starter().submit, turns))


async def _start_together(turns: Sequence[TurnTask]) -> list[None]:
    new: dict[uuid.UUID, Turn] = {}
    # A turn whose row cannot be read now is read again, with retries, once it runs.
    with contextlib.suppress(DatabaseError, InterfaceError):
        ids = [uuid.UUID(each["turn"]) for each in turns if each["is_new"]]
        new = await run_in_db_thread(find_unstarted_turns, ids)
    for each in turns:
        turn_id = uuid.UUID(each["turn"])
        with continue_trace(each["trace"]):
            runner.start_local_turn(turn_id, new.get(turn_id))
    return [None] * len(turns)


# Tasks that arrive while rows are read share the next query.
_starter = per_loop(lambda: Batcher(_start_together, max_size=MAX_STARTED_TOGETHER))


@shared_task(name="aggregator.tasks.run_provider_test")
def run_provider_test(test_id: int) -> None:
    """Run an admin's test call on this worker's event loop."""
    provider_checks.run_test(test_id, run=_run)


@shared_task(name="aggregator.tasks.continue_calibrations")
def continue_calibrations() -> int:
    """Start a process for every running calibration that none carries out."""
    return processes.continue_runs()


@shared_task(name="aggregator.tasks.learn_weights")
def learn_weights() -> bool:
    """Start to learn from live turns how often models are right."""
    return processes.learn_weights()


@shared_task(name="aggregator.tasks.recover_turns")
def recover_turns() -> int:
    """Send every abandoned turn to a worker and return how many there were."""
    abandoned = _run(find_abandoned_turns())
    if abandoned:
        send_turn_tasks([build_turn_task(turn_id) for turn_id in abandoned])
    return len(abandoned)


@shared_task(name="aggregator.tasks.learn_votes")
def learn_votes() -> int:
    """Update the models' ratings by the votes since the last run."""
    return ratings.learn_new_votes()


@shared_task(name="aggregator.tasks.keep_pace")
def keep_pace() -> float:
    """Update the day's price of quality and store a point of its history."""
    price = find_initial_price(list_offered_models())
    return budget.update_pace(income_micros=placements.read_income_today(), initial_price=price).price


@shared_task(name="aggregator.tasks.refit_skills")
def refit_skills() -> int:
    """Fit the models' ratings anew to all votes."""
    return ratings.refit_ratings()


@shared_task(name="aggregator.tasks.clear_counts")
def clear_counts() -> int:
    """Delete the turn counts of days that are over."""
    return quota.delete_old_counts()


@shared_task(name="aggregator.tasks.clear_guests")
def clear_guests() -> int:
    """Delete old guests without conversations."""
    return deletion.delete_idle_guests()


@shared_task(name="aggregator.tasks.expire_called")
def expire_called() -> int:
    """Delete API conversations that are older than their retention time."""
    return deletion.expire_api_conversations(
        before=timezone.now() - dt.timedelta(days=settings.API_KEEP_DAYS)
    )
