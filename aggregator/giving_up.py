"""What becomes of a turn that meets a fault of ours: tried again, and in the end closed with what it has."""

import logging
from functools import partial

from django.db import DatabaseError, InterfaceError
from django.db import OperationalError as DatabaseDown
from redis.exceptions import RedisError

from aggregator import keeping, selectors, services
from aggregator.calls import Bill
from aggregator.events import TurnClosed
from aggregator.journal import Journal
from aggregator.models import Turn
from aggregator.off_loop import outlast, outlast_here
from aggregator.opening import open_larder
from aggregator.signs import Signs
from aggregator.turn_log import LogError, LogTaken
from aggregator.turns import CLOSE_SECONDS, answer_turn

logger = logging.getLogger(__name__)

# A fault of ours may pass, as when a deploy mends it; a turn that meets one so often is closed.
FAULTS_ALLOWED = 3
FAULT_SECONDS = 3_600


async def answer_or_give_up(turn: Turn, journal: Journal, signs: Signs) -> None:
    """Answer a turn, or close it as failed when it has met a fault of ours too often."""
    try:
        await answer_turn(turn, journal, signs)
    except Exception as error:
        if not _is_fault(error) or await _count_fault(journal) < FAULTS_ALLOWED:
            raise
        # Whoever took it up again would meet the same fault: better an end than a turn that never ends.
        logger.exception("turn %s: given up after %d faults of ours", turn.public_id, FAULTS_ALLOWED)
        signs.is_wanted |= await _give_up(turn, journal)


async def _give_up(turn: Turn, journal: Journal) -> bool:
    bill = await _count_calls(turn, journal)
    try:
        kept = await outlast(CLOSE_SECONDS, partial(selectors.costs_of, turn))
        await journal.emit(TurnClosed("failed", "all_failed", cost_micros=bill.cost_micros(kept)))
        seq = await journal.flush()
        close = partial(keeping.close_turn, turn=turn, state=journal.state, seq=seq, calls=bill.made)
        return await outlast_here(CLOSE_SECONDS, close)
    except (LogTaken, DatabaseDown):
        raise
    except (LogError, DatabaseError):
        # What made it fail may be in what there is to keep: then only that it ended is.
        logger.exception("turn %s: given up without what it had", turn.public_id)
    if bill.made:
        await outlast_here(CLOSE_SECONDS, partial(keeping.keep_calls, turn=turn, calls=bill.made))
    await outlast(CLOSE_SECONDS, partial(services.give_up_turn, turn=turn))
    return False


async def _count_calls(turn: Turn, journal: Journal) -> Bill:
    bill = Bill()
    try:
        larder = await open_larder(turn, CLOSE_SECONDS)
        bill.note_past(journal.state, larder.offer, larder.question)
    except Exception:
        # The fault may be in here: that the turn ends matters more than that all it cost is known.
        logger.exception("turn %s: what it asked for could not be counted", turn.public_id)
    return bill


def _is_fault(error: BaseException) -> bool:
    # A store that is away, or a turn that is another process's by now, is nobody's fault.
    if isinstance(error, BaseExceptionGroup):
        return all(_is_fault(each) for each in error.exceptions)
    return not isinstance(error, LogTaken | RedisError | InterfaceError | DatabaseDown)


async def _count_fault(journal: Journal) -> int:
    client, key = journal.log.client, f"turns:faults:{journal.turn}"
    faults = await client.incr(key)
    await client.expire(key, FAULT_SECONDS)
    return int(faults)
