"""Hands stored turns to workers and follows their logs, without loading what answers a turn."""

import logging

from django.conf import settings
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from aggregator.execution.processes.dispatch import build_turn_task, dispatch_turn
from aggregator.execution.processes.hand_over import offer_turn
from aggregator.infra.loop_runtime import per_loop
from aggregator.models import Turn
from aggregator.streaming.turn_log import TurnLog

logger = logging.getLogger(__name__)


def _open_turn_log() -> TurnLog:
    log = TurnLog(settings.REDIS_URL, keep_seconds=settings.TURN_LOG_HOURS * 3600)
    log.start()
    return log


get_turn_log = per_loop(_open_turn_log, TurnLog.close)


def is_untouched(turn: Turn) -> bool:
    """Return whether no process can have begun a turn."""
    return turn.attempt == 1 and turn.last_seq == 0 and not turn.stop_asked_at


async def hand_to_worker(turn: Turn) -> None:
    """Hand a stored turn to a worker; without one, the search for abandoned turns finds it."""
    is_new = is_untouched(turn)
    task = build_turn_task(turn.public_id, is_new=is_new)
    try:
        if not await offer_turn(get_turn_log().client, turn, is_new=is_new, trace=task["trace"]):
            await dispatch_turn(task)
    except (OperationalError, RedisError, TimeoutError) as error:
        logger.warning("turn %s: could not be handed to a worker yet (%s)", turn.public_id, error)
