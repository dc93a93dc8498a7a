"""Where turns run: as a task of this process or of a worker, under a lease, until they end or are stopped."""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable
from functools import partial

from django.conf import settings

from accounts.models import User
from aggregator.domain.events import TurnQueued
from aggregator.execution.processes import submission
from aggregator.execution.processes.hand_over import ReceivedTurn
from aggregator.execution.processes.lease import hold_lease
from aggregator.execution.processes.submission import hand_to_worker, is_untouched
from aggregator.execution.turn import answer_turn
from aggregator.execution.turn_control import InsertProgress, QueueWait, TurnControl, track_insert
from aggregator.execution.turn_run import CLOSE_RETRY_SECONDS
from aggregator.infra import metrics
from aggregator.infra.async_database import close_database
from aggregator.infra.concurrency import retry_db, retry_db_async
from aggregator.infra.fair_semaphore import FairSemaphore
from aggregator.infra.flush_scheduler import get_flush_scheduler
from aggregator.infra.loop_runtime import per_loop
from aggregator.infra.telemetry import bind_turn, continue_trace
from aggregator.models import Turn
from aggregator.providers import close_providers
from aggregator.resilience.permits import close_permits
from aggregator.selectors.turns import find_running_turn, find_turn_status
from aggregator.services import turns as services
from aggregator.streaming.event_writer import EventWriter, open_event_writer
from aggregator.streaming.turn_log import FencedError

logger = logging.getLogger(__name__)

# How long a command waits for a database that restarts.
DATABASE_RETRY_SECONDS = 10
_controls: dict[str, TurnControl] = {}
_running: "set[asyncio.Task[None]]" = set()
_turn_semaphore = per_loop(
    lambda: FairSemaphore(settings.TURNS_AT_ONCE, limit_each=settings.TURNS_AT_ONCE_EACH)
)


# Other modules reach the log by way of the runner.
get_turn_log, get_main_log = submission.get_turn_log, submission.get_main_log


async def submit_turn(*, owner: User, request: services.TurnRequest) -> Turn:
    """Store the turn of a request, and where turns run here begin to answer it meanwhile.

    Raises Refusal. The same request sent twice opens one turn.
    """
    build = partial(services.draft_turn, owner=owner, request=request)
    draft = await retry_db(DATABASE_RETRY_SECONDS, build) if request.conversation else build()
    progress, turn = track_insert(), None
    if settings.TURN_RUNNER == "here":
        start_local_turn(draft.public_id, draft, progress)
    store = partial(services.astore_draft, owner=owner, draft=draft, on_admitted=progress.mark_admitted)
    try:
        turn = await retry_db_async(DATABASE_RETRY_SECONDS, store)
    finally:
        progress.end(is_stored=turn is draft)
    return turn


async def start_turn(turn: Turn) -> None:
    """Begin to answer a stored turn, here or on a worker as TURN_RUNNER says; does not wait for its end."""
    is_new = is_untouched(turn)
    if settings.TURN_RUNNER == "worker":
        await hand_to_worker(turn)
        return
    if (control := _controls.get(str(turn.public_id))) is None:
        start_local_turn(turn.public_id, turn if is_new else None)
    elif not is_new:
        control.must_recheck = True


def start_local_turn(
    turn_id: uuid.UUID, new: Turn | None = None, insert_progress: InsertProgress | None = None
) -> None:
    """Begin to answer a turn on the running event loop.

    A new turn is passed in, so that it need not be read; `insert_progress` if it is not stored yet.
    """
    if str(turn_id) not in _controls:
        get_turn_log(str(turn_id)).feed.register_local(str(turn_id), is_new=new is not None)
    task = asyncio.create_task(run_turn(turn_id, new, insert_progress))
    _running.add(task)
    task.add_done_callback(_on_task_done)


def start_received_turn(received: ReceivedTurn) -> None:
    """Begin to answer a turn that another process handed over."""
    with continue_trace(received.trace):
        start_local_turn(received.turn_id, received.new)


def _on_task_done(task: "asyncio.Task[None]") -> None:
    _running.discard(task)
    if not task.cancelled() and task.exception():
        logger.error("a turn broke off and will be recovered", exc_info=task.exception())


def list_running_tasks() -> "list[asyncio.Task[None]]":
    """Return the tasks of turns begun on the running event loop that have not ended."""
    loop = asyncio.get_running_loop()
    return [task for task in _running if task.get_loop() is loop]


async def drain(seconds: float) -> list[uuid.UUID]:
    """Let turns end within some seconds, then cancel the rest and return their ids."""
    if tasks := list_running_tasks():
        await asyncio.wait(tasks, timeout=seconds)
    left = [uuid.UUID(name) for name in _controls]
    for task in list_running_tasks():
        # A cancelled turn releases its lease at once, so another process need not wait for it to lapse.
        task.cancel()
    await asyncio.gather(*list_running_tasks(), return_exceptions=True)
    return left


async def run_turn(
    turn_id: uuid.UUID, new: Turn | None = None, insert_progress: InsertProgress | None = None
) -> None:
    """Answer one turn to its end unless another process does; safe to call again after a crash."""
    get_flush_scheduler().join()
    control = TurnControl(insert_progress=insert_progress)
    with bind_turn(str(turn_id)):
        await _run_under_lease(turn_id, new, control)
        # A process that reopened the turn while the lease was held here left it to this one.
        while control.must_recheck:
            status = await retry_db(CLOSE_RETRY_SECONDS, partial(find_turn_status, turn_id))
            if status is None:
                # Deleted while it ran: what was written to its log since goes too.
                await get_turn_log(str(turn_id)).forget(str(turn_id))
            if status != Turn.Status.RUNNING:
                break
            control = TurnControl()
            await _run_under_lease(turn_id, None, control)


async def _run_under_lease(turn_id: uuid.UUID, new: Turn | None, control: TurnControl) -> None:
    name = str(turn_id)
    log = get_turn_log(name)
    if name in _controls:
        # This process runs it already, even if the lease was lost together with Valkey's data.
        _controls[name].must_recheck = True
        return
    _controls[name] = control
    log.feed.register_local(name)
    try:
        is_draft = control.insert_progress is not None
        async with hold_lease(
            get_main_log().client, name, settings.TURN_LEASE_SECONDS, is_new=is_draft
        ) as lease:
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
    name = str(turn_id)
    log = get_turn_log(name)
    turn = new or await retry_db(CLOSE_RETRY_SECONDS, partial(find_running_turn, turn_id))
    if turn is None:
        return
    get_main_log().feed.on_wakeup(_wake_here)
    try:
        writer = await open_event_writer(log, turn, is_new=new is not None)
        wait = QueueWait(turn, control)
        async with _turn_semaphore().acquire(
            _emit_queue_position(writer), str(turn.conversation.owner_id), wait.is_cancelled
        ):
            wait.restore_wakeup()
            _update_gauges()
            await answer_turn(turn, writer, control)
    except* FencedError:
        logger.warning("turn %s: another process took it over", turn_id)
    finally:
        log.close_writer(name)


def _update_gauges() -> None:
    gate = _turn_semaphore()
    metrics.RUNNING.set(gate.held)
    metrics.WAITING.set(gate.queued)


def _emit_queue_position(writer: EventWriter) -> Callable[[int], Awaitable[None]]:
    async def emit(position: int) -> None:
        await writer.emit(TurnQueued(position))

    return emit


def _wake_here(turn_id: str) -> None:
    if turn_id in _controls:
        _controls[turn_id].wakeup.set()


async def close_loop_resources() -> None:
    """Close what the running event loop holds open; call it before the loop ends."""
    await submission.get_turn_logs.close()
    await close_permits()
    await close_providers()
    await close_database()
