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
from aggregator.streaming.turn_logs import TurnLogs

logger = logging.getLogger(__name__)


def _open_turn_logs() -> TurnLogs:
    logs = TurnLogs(settings.REDIS_URL, settings.TURN_LOG_URLS, keep_seconds=settings.TURN_LOG_HOURS * 3600)
    logs.start()
    return logs


get_turn_logs = per_loop(_open_turn_logs, TurnLogs.close)


def get_turn_log(turn: str) -> TurnLog:
    """Return the running loop's log that holds a turn."""
    return get_turn_logs().of(turn)


def get_main_log() -> TurnLog:
    """Return the running loop's log on REDIS_URL, where leases, permits and wake-ups are."""
    return get_turn_logs().main


def is_untouched(turn: Turn) -> bool:
    """Return whether no process can have begun a turn."""
    return turn.attempt == 1 and turn.last_seq == 0 and not turn.stop_asked_at


async def hand_to_worker(turn: Turn) -> None:
    """Hand a stored turn to a worker; without one, the search for abandoned turns finds it."""
    is_new = is_untouched(turn)
    task = build_turn_task(turn.public_id, is_new=is_new)
    try:
        if not await offer_turn(get_main_log().client, turn, is_new=is_new, trace=task["trace"]):
            await dispatch_turn(task)
    except (OperationalError, RedisError, TimeoutError) as error:
        logger.warning("turn %s: could not be handed to a worker yet (%s)", turn.public_id, error)
