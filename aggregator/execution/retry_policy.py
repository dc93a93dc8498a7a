"""What becomes of a turn that meets a fault of ours: tried again, and in the end closed with what it has."""

import logging
from functools import partial

from django.db import DatabaseError, InterfaceError
from django.db import OperationalError as DatabaseDown
from redis.exceptions import RedisError

from aggregator.domain.events import TurnClosed
from aggregator.execution.setup import load_context
from aggregator.execution.turn import CLOSE_RETRY_SECONDS, answer_turn
from aggregator.execution.turn_control import TurnControl
from aggregator.infra.concurrency import retry_db, retry_db_async
from aggregator.models import Turn
from aggregator.selectors import conversations
from aggregator.services import turns
from aggregator.storage import checkpoint
from aggregator.storage.usage import UsageRecorder
from aggregator.streaming.event_writer import EventWriter
from aggregator.streaming.turn_log import FencedError, TurnLogError

logger = logging.getLogger(__name__)

# A fault of ours may pass, as when a deploy mends it; a turn that meets one so often is closed.
MAX_FAULTS = 3
FAULT_WINDOW_SECONDS = 3_600


async def answer_with_retries(turn: Turn, writer: EventWriter, control: TurnControl) -> None:
    """Answer a turn, or close it as failed when it has met a fault of ours too often."""
    try:
        await answer_turn(turn, writer, control)
    except Exception as error:
        if not _is_fault(error) or await _count_fault(writer) < MAX_FAULTS:
            raise
        # Whoever took it up again would meet the same fault: better an end than a turn that never ends.
        logger.exception("turn %s: given up after %d faults of ours", turn.public_id, MAX_FAULTS)
        control.must_recheck |= await _close_failed(turn, writer)


async def _close_failed(turn: Turn, writer: EventWriter) -> bool:
    usage = await _count_calls(turn, writer)
    try:
        kept = await retry_db(CLOSE_RETRY_SECONDS, partial(conversations.costs_of, turn))
        await writer.emit(TurnClosed("failed", "all_failed", cost_micros=usage.cost_micros(kept)))
        seq = await writer.flush()
        close = partial(checkpoint.close_turn, turn=turn, state=writer.state, seq=seq, calls=usage.made)
        return await retry_db_async(CLOSE_RETRY_SECONDS, close)
    except (FencedError, DatabaseDown):
        raise
    except (TurnLogError, DatabaseError):
        # What made it fail may be in what there is to keep: then only that it ended is.
        logger.exception("turn %s: given up without what it had", turn.public_id)
    if usage.made:
        await retry_db_async(CLOSE_RETRY_SECONDS, partial(checkpoint.save_calls, turn=turn, calls=usage.made))
    await retry_db(CLOSE_RETRY_SECONDS, partial(turns.fail_turn, turn=turn))
    return False


async def _count_calls(turn: Turn, writer: EventWriter) -> UsageRecorder:
    usage = UsageRecorder()
    try:
        context = await load_context(turn, CLOSE_RETRY_SECONDS)
        usage.record_past(writer.state, context.offer, context.question)
    except Exception:
        # The fault may be in here: that the turn ends matters more than that all it cost is known.
        logger.exception("turn %s: what it asked for could not be counted", turn.public_id)
    return usage


def _is_fault(error: BaseException) -> bool:
    # A store that is away, or a turn that is another process's by now, is nobody's fault.
    if isinstance(error, BaseExceptionGroup):
        return all(_is_fault(each) for each in error.exceptions)
    return not isinstance(error, FencedError | RedisError | InterfaceError | DatabaseDown)


async def _count_fault(writer: EventWriter) -> int:
    client, key = writer.log.client, f"turns:faults:{writer.turn}"
    faults = await client.incr(key)
    await client.expire(key, FAULT_WINDOW_SECONDS)
    return int(faults)
