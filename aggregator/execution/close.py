"""The end of a turn: closed with its answer and followed by an ad, or closed as failed after many faults."""

import asyncio
import contextlib
import logging
from functools import partial

from django.db import DatabaseError, InterfaceError, OperationalError
from redis.exceptions import RedisError

from aggregator import placements
from aggregator.domain.events import TurnClosed
from aggregator.execution.setup import load_run_context
from aggregator.execution.turn_run import CLOSE_RETRY_SECONDS, TurnRun
from aggregator.infra import metrics
from aggregator.infra.concurrency import retry_db, retry_db_async
from aggregator.infra.flush_scheduler import get_flush_scheduler
from aggregator.models import Conversation
from aggregator.resilience.breaker import record_call_results
from aggregator.resilience.reading_speed import publish_speeds
from aggregator.selectors.usage import list_call_costs
from aggregator.services import turns
from aggregator.storage import checkpoint
from aggregator.streaming.event_writer import EventWriter
from aggregator.streaming.turn_log import FencedError, TurnLogError
from language.sensitivity import Sensitivity

logger = logging.getLogger(__name__)

# Writing the calls of a pass that breaks off must not keep its process from ending.
RECORD_TIMEOUT_SECONDS = 5
# A fault of ours may pass, as when a deploy mends it; a turn that meets so many is closed as failed.
MAX_FAULTS = 3
FAULT_WINDOW_SECONDS = 3_600


async def emit_closed_event(run: TurnRun, error: str) -> None:
    """Emit how the turn ended, with its duration, cost and title."""
    # Stopping candidates that are written beside a settled answer takes nothing away from it.
    is_stopped = run.is_stopped and not run.is_crisis and run.settled_ms is None
    status = "stopped" if is_stopped else "failed" if error else "done"
    stored_costs = {}
    if run.has_earlier_pass:
        stored_costs = await retry_db(CLOSE_RETRY_SECONDS, partial(list_call_costs, run.turn))
    cost, title = run.usage.cost_micros(stored_costs), run.turn.conversation.title
    duration_ms = run.elapsed_ms if run.settled_ms is None else run.settled_ms
    await run.emit(TurnClosed(status, "" if is_stopped else error, duration_ms, cost, title))
    metrics.record_turn(run.state)


async def close_turn(run: TurnRun) -> None:
    """Store the turn's final state and its calls, once its row is stored and its events are in the log."""
    await run.control.wait_until_stored()
    await _store_end(run)
    await record_call_results(run.writer.log.client, run.call_results)
    await publish_speeds(run.writer.log.client)


async def _store_end(run: TurnRun) -> None:
    seq = await run.writer.flush()
    await get_flush_scheduler().yield_when_busy()
    calls = run.usage.finished_calls
    close = partial(checkpoint.close_turn, turn=run.turn, state=run.state, seq=seq, calls=calls)
    run.control.must_recheck |= await retry_db_async(CLOSE_RETRY_SECONDS, close)


async def place_ad(run: TurnRun, sensitivity: Sensitivity) -> None:
    """Ask the ad market for an ad below a stored answer of a page, once, and store its reply."""
    is_answered = run.state.status in {"running", "done"} and run.state.placement is None
    if not is_answered or run.turn.conversation.origin != Conversation.Origin.PAGE:
        return
    await get_flush_scheduler().yield_when_busy()
    placement = await placements.request_placement(run.turn, sensitivity)
    await run.emit(placement)
    seq = await run.writer.flush()
    save = partial(checkpoint.save_placement, turn=run.turn, placement=placement, seq=seq)
    run.control.must_recheck |= await retry_db_async(CLOSE_RETRY_SECONDS, save)


async def place_ad_early(run: TurnRun, sensitivity: Sensitivity) -> None:
    """Store a settled answer and place its ad while other candidates are still being written."""
    await run.control.wait_until_stored()
    seq = await run.writer.flush()
    calls = run.usage.finished_calls
    save = partial(checkpoint.save_checkpoint, turn=run.turn, state=run.state, seq=seq, calls=calls)
    await retry_db_async(CLOSE_RETRY_SECONDS, save)
    # Commands that were stored meanwhile are read again by the next checkpoint.
    run.control.wakeup.set()
    await place_ad(run, sensitivity)


async def record_unlogged_calls(run: TurnRun) -> None:
    """Store the judge's and fuser's calls of a pass that breaks off, because no event records them."""
    if calls := run.usage.unlogged:
        with contextlib.suppress(DatabaseError, InterfaceError, TimeoutError):
            async with asyncio.timeout(RECORD_TIMEOUT_SECONDS):
                await checkpoint.save_calls(turn=run.turn, calls=calls)


async def is_given_up(error: BaseException, writer: EventWriter) -> bool:
    """Return whether an error is a fault of ours that the turn has met too often; counts the fault."""
    if not _is_fault(error):
        return False
    client, key = writer.log.client, f"turns:faults:{writer.turn}"
    faults = await client.incr(key)
    await client.expire(key, FAULT_WINDOW_SECONDS)
    return int(faults) >= MAX_FAULTS


def _is_fault(error: BaseException) -> bool:
    # A store that cannot be reached, or a turn that another process has taken over, is no fault of ours.
    if isinstance(error, BaseExceptionGroup):
        return all(_is_fault(each) for each in error.exceptions)
    return not isinstance(error, FencedError | RedisError | InterfaceError | OperationalError)


async def close_failed(run: TurnRun) -> None:
    """Close a turn as failed, with as much of its state as can be stored."""
    turn = run.turn
    try:
        await load_run_context(run)
    except Exception:
        # The fault may be in here: that the turn ends matters more than that all its calls are counted.
        logger.exception("turn %s: its calls could not be counted", turn.public_id)
    try:
        stored_costs = await retry_db(CLOSE_RETRY_SECONDS, partial(list_call_costs, turn))
        cost_micros = run.usage.cost_micros(stored_costs)
        await run.emit(TurnClosed("failed", "all_failed", cost_micros=cost_micros))
        await _store_end(run)
    except (FencedError, OperationalError):
        raise
    except (TurnLogError, DatabaseError):
        # The state itself may be what cannot be stored: then only the calls and the end are.
        logger.exception("turn %s: closed as failed without its state", turn.public_id)
        if calls := run.usage.finished_calls:
            save = partial(checkpoint.save_calls, turn=turn, calls=calls)
            await retry_db_async(CLOSE_RETRY_SECONDS, save)
        await retry_db(CLOSE_RETRY_SECONDS, partial(turns.fail_turn, turn=turn))
