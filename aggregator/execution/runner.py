"""Where turns run: as a task of this process or of a worker, under a lease, until they end or are stopped."""

import asyncio
import contextlib
import datetime as dt
import logging
import uuid
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import orjson
from django.conf import settings
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from aggregator import placements
from aggregator.domain.events import TurnQueued, encode
from aggregator.execution.dispatch import build_turn_task, dispatch_turn
from aggregator.execution.lease import hold_lease, is_holder_dead, lease_key
from aggregator.execution.queue_cancellation import QueueWait
from aggregator.execution.retry_policy import answer_with_retries
from aggregator.execution.turn import CLOSE_RETRY_SECONDS
from aggregator.execution.turn_context import REFRESH_SECONDS, load_snapshot
from aggregator.execution.turn_control import InsertProgress, TurnControl, track_insert
from aggregator.infra import metrics
from aggregator.infra.async_database import close_database
from aggregator.infra.concurrency import (
    log_errors,
    retry_db,
    retry_db_async,
    run_in_cpu_pool,
    run_in_db_thread,
)
from aggregator.infra.flush_scheduler import get_flush_scheduler
from aggregator.infra.loop_runtime import per_loop
from aggregator.infra.telemetry import bind_turn
from aggregator.models import Turn
from aggregator.pipeline.panel.fair_semaphore import FairSemaphore
from aggregator.pipeline.ranking.rank import rank
from aggregator.pipeline.types import Draft, Question
from aggregator.providers import close_providers, warm_providers
from aggregator.selectors import conversations
from aggregator.services import turns as services
from aggregator.streaming.event_writer import EventWriter, open_event_writer
from aggregator.streaming.turn_feed import LogEntry
from aggregator.streaming.turn_log import FencedError, TurnLog
from language.sensitivity import judge_sensitivity
from language.topics import find_topics

logger = logging.getLogger(__name__)

WARM_UP_PROMPT = "안녕하세요"
RECOVER_TASK = "aggregator.tasks.recover_turns"
# How long a page's command waits for a database that restarts.
DATABASE_RETRY_SECONDS = 10
StoreDraft = Callable[[Callable[[], None]], Awaitable[Turn]]
_controls: dict[str, TurnControl] = {}
_running: "set[asyncio.Task[None]]" = set()
_turn_semaphore = per_loop(lambda: FairSemaphore(settings.TURNS_AT_ONCE, each=settings.TURNS_AT_ONCE_EACH))


def _open_turn_log() -> TurnLog:
    log = TurnLog(settings.REDIS_URL, keep_seconds=settings.TURN_LOG_HOURS * 3600)
    log.start()
    return log


get_turn_log = per_loop(_open_turn_log, TurnLog.close)


async def submit_turn(draft: Turn, store: StoreDraft) -> Turn:
    """Store a draft by `store`; where turns run here, get ready to answer it meanwhile."""
    insert_progress, turn = track_insert(), None
    if settings.TURN_RUNNER == "here":
        start_local_turn(draft.public_id, draft, insert_progress)
    try:
        turn = await retry_db_async(DATABASE_RETRY_SECONDS, partial(store, insert_progress.mark_admitted))
    finally:
        insert_progress.end(is_stored=turn is draft)
    return turn


async def start_turn(turn: Turn) -> None:
    """Begin to answer a stored turn, here or on a worker as TURN_RUNNER says; does not wait for its end."""
    is_new = turn.attempt == 1 and turn.last_seq == 0 and not turn.stop_asked_at
    if settings.TURN_RUNNER == "worker":
        try:
            await dispatch_turn(build_turn_task(turn.public_id, is_new=is_new))
        except (OperationalError, RedisError, TimeoutError) as error:
            # The turn is stored: the next look for abandoned turns finds it.
            logger.warning("turn %s: could not be handed to a worker yet (%s)", turn.public_id, error)
        return
    if (control := _controls.get(str(turn.public_id))) is None:
        start_local_turn(turn.public_id, turn if is_new else None)
    elif not is_new:
        control.must_recheck = True


def start_local_turn(
    turn_id: uuid.UUID, new: Turn | None = None, insert_progress: InsertProgress | None = None
) -> None:
    """Begin to answer a turn on the running event loop; a new one need not be read.

    It may be about to be stored, as `insert_progress` tells.
    """
    if str(turn_id) not in _controls:
        get_turn_log().feed.register_local(str(turn_id), is_new=new is not None)
    task = asyncio.create_task(run_turn(turn_id, new, insert_progress))
    _running.add(task)
    task.add_done_callback(_on_task_done)


def _on_task_done(task: "asyncio.Task[None]") -> None:
    _running.discard(task)
    if not task.cancelled() and task.exception():
        logger.error("a turn broke off and will be recovered", exc_info=task.exception())


def _running_here() -> "list[asyncio.Task[None]]":
    here = asyncio.get_running_loop()
    return [task for task in _running if task.get_loop() is here]


async def wait_for_turns() -> None:
    """Wait until every turn begun on this loop has ended."""
    while mine := _running_here():
        await asyncio.wait(mine)


async def drain(seconds: float) -> list[uuid.UUID]:
    """Let turns end, but not longer than some seconds; returns those that others have to finish."""
    if mine := _running_here():
        await asyncio.wait(mine, timeout=seconds)
    left = [uuid.UUID(name) for name in _controls]
    for task in _running_here():
        # Its lease is released at once, so whoever takes it over need not wait for it to lapse.
        task.cancel()
    await asyncio.gather(*_running_here(), return_exceptions=True)
    return left


async def run_turn(
    turn_id: uuid.UUID, new: Turn | None = None, insert_progress: InsertProgress | None = None
) -> None:
    """Answer one turn to its end unless another process does; safe to call again after a crash."""
    get_flush_scheduler().join()
    control = TurnControl(insert_progress=insert_progress)
    with bind_turn(str(turn_id)):
        await _run_under_lease(turn_id, new, control)
        # Whoever reopened the turn while we held the lease found it taken and left it to us: look once more.
        while control.must_recheck:
            status = await retry_db(CLOSE_RETRY_SECONDS, partial(_find_status, turn_id))
            if status is None:
                # Deleted: what was told of it since goes as well.
                await get_turn_log().forget(str(turn_id))
            if status != Turn.Status.RUNNING:
                break
            control = TurnControl()
            await _run_under_lease(turn_id, None, control)


async def _run_under_lease(turn_id: uuid.UUID, new: Turn | None, control: TurnControl) -> None:
    log, name = get_turn_log(), str(turn_id)
    if name in _controls:
        # This process runs it already, even when its lease was lost together with Valkey's data.
        _controls[name].must_recheck = True
        return
    _controls[name] = control
    log.feed.register_local(name)
    try:
        is_draft = control.insert_progress is not None
        async with hold_lease(log.client, name, settings.TURN_LEASE_SECONDS, is_new=is_draft) as lease:
            if lease.is_held:
                await _run_leased(turn_id, new, control)
        control.must_recheck |= lease.takeover_requested
    finally:
        _controls.pop(name, None)
        log.feed.unregister_local(name)
        _update_gauges()
    if not await control.is_stored():
        control.must_recheck = False
        await log.forget(name)


async def _run_leased(turn_id: uuid.UUID, new: Turn | None, control: TurnControl) -> None:
    log, name = get_turn_log(), str(turn_id)
    turn = new or await retry_db(CLOSE_RETRY_SECONDS, partial(_load_running, turn_id))
    if turn is None:
        return
    log.feed.on_wakeup(_wake_here)
    try:
        writer = await open_event_writer(log, turn, is_new=new is not None)
        wait = QueueWait(turn, control)
        async with _turn_semaphore().acquire(
            _emit_queue_position(writer), str(turn.conversation.owner_id), wait.is_cancelled
        ):
            wait.restore_wakeup()
            _update_gauges()
            await answer_with_retries(turn, writer, control)
    except* FencedError:
        logger.warning("turn %s: another process took it over", turn_id)
    finally:
        log.close_writer(name)


def _update_gauges() -> None:
    gate = _turn_semaphore()
    metrics.RUNNING.set(gate.inside)
    metrics.WAITING.set(gate.waiting)


def _emit_queue_position(writer: EventWriter) -> Callable[[int], Awaitable[None]]:
    async def tell(position: int) -> None:
        await writer.emit(TurnQueued(position))

    return tell


def _find_status(turn_id: uuid.UUID) -> str | None:
    return Turn.objects.filter(public_id=turn_id).values_list("status", flat=True).first()


def find_unstarted_turns(turn_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Turn]:
    """Return those of these turns that nobody has begun; one that is left out has to be looked at first."""
    untouched = Turn.objects.filter(status=Turn.Status.RUNNING, attempt=1, last_seq=0, stop_asked_at=None)
    rows = untouched.filter(public_id__in=turn_ids).select_related("conversation")
    return {turn.public_id: turn for turn in rows}


def _load_running(turn_id: uuid.UUID) -> Turn | None:
    running = Turn.objects.filter(public_id=turn_id, status=Turn.Status.RUNNING)
    return running.select_related("conversation").first()


def _wake_here(turn_id: str) -> None:
    if turn_id in _controls:
        _controls[turn_id].wakeup.set()


async def warm_up() -> None:
    """Load what the first turn would otherwise wait for."""
    await warm_providers()
    await run_in_cpu_pool(judge_sensitivity, WARM_UP_PROMPT)
    await run_in_cpu_pool(find_topics, WARM_UP_PROMPT)
    drafts = [Draft(letter, letter, letter, 0.5, f"{WARM_UP_PROMPT} {letter}.") for letter in "ab"]
    await run_in_cpu_pool(rank, Question(WARM_UP_PROMPT, "ko"), drafts)
    await placements.warm_index()


async def keep_snapshot_fresh() -> None:
    """Keep at hand what turns begin with, for as long as the running event loop runs turns."""
    while True:
        await log_errors(partial(run_in_db_thread, load_snapshot))
        await asyncio.sleep(REFRESH_SECONDS)


async def close_loop_resources() -> None:
    """Close what the running event loop holds open; call it before the loop ends."""
    await get_turn_log.close()
    await close_providers()
    await close_database()


async def stop_turn(turn: Turn) -> None:
    """Stop a turn wherever it runs; the command is stored first, so that a recovery honours it too."""
    if await retry_db(DATABASE_RETRY_SECONDS, partial(services.request_stop, turn=turn)):
        await wakeup(turn)


async def wakeup(turn: Turn) -> None:
    """Let whoever runs a turn look at what was asked of it."""
    # Whoever runs it looks every few seconds anyway.
    with contextlib.suppress(RedisError):
        await get_turn_log().feed.wakeup(str(turn.public_id))


async def find_stored_snapshot(turn: Turn) -> LogEntry | None:
    """Return a turn that has ended as its rows tell it, when its log does not tell its end any more."""
    with contextlib.suppress(RedisError):
        if await get_turn_log().feed.newest_seq(str(turn.public_id)) >= turn.last_seq:
            return None
    whole = await retry_db(
        DATABASE_RETRY_SECONDS, lambda: conversations.with_related(Turn.objects.filter(pk=turn.pk)).get()
    )
    body = orjson.dumps([encode(event) for event in conversations.rebuild_events(whole)])
    return LogEntry(whole.last_seq, body, is_snapshot=True)


async def find_abandoned() -> list[uuid.UUID]:
    """Return the running turns that nobody works on: their process died or never began."""
    turns = await retry_db(DATABASE_RETRY_SECONDS, _list_running)
    if not turns:
        return []
    keys = [lease_key(str(public_id)) for public_id, _ in turns]
    holders = await get_turn_log().client.mget(keys)
    old = timezone.now() - dt.timedelta(seconds=settings.TURN_LEASE_SECONDS)
    return [
        public_id
        for (public_id, opened_at), holder in zip(turns, holders, strict=True)
        if (opened_at < old if holder is None else is_holder_dead(holder))
    ]


def _list_running() -> list[tuple[uuid.UUID, dt.datetime]]:
    running = Turn.objects.filter(status=Turn.Status.RUNNING).order_by("opened_at")
    return list(running.values_list("public_id", "opened_at")[:2_000])
