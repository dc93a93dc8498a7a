"""Hands turns to workers through Celery: turns that are started at about the same time share a message."""

import asyncio
import math
import time
import uuid
from collections.abc import Sequence
from typing import TypedDict

from celery import current_app

from aggregator.infra.batcher import Batcher
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.infra.loop_runtime import per_loop
from aggregator.infra.telemetry import trace_parent

RUN_TASK = "aggregator.tasks.run_turns"
# The more turns were dispatched in the last second, the longer the next message waits for others: receiving a
# message costs a busy worker more than the turns that it names.
DELAY_PER_TURN_SECONDS, MAX_DELAY_SECONDS = 0.0003, 0.1
# A turn that the broker has not accepted by then is dispatched by the next scan for abandoned turns.
DISPATCH_TIMEOUT_SECONDS = 10.0
MAX_TURNS_PER_MESSAGE = 1_000


class TurnTask(TypedDict):
    """A turn's id, whether it is certain that no process began it, and the trace that it belongs to."""

    turn: str
    is_new: bool
    trace: str


def build_turn_task(turn_id: uuid.UUID, *, is_new: bool = False) -> TurnTask:
    """Return the task argument for a turn; it holds no text of the turn."""
    return {"turn": str(turn_id), "is_new": is_new, "trace": trace_parent(str(turn_id))}


def send_turn_tasks(turns: Sequence[TurnTask]) -> None:
    """Send turns to the first free worker; raises OperationalError or RedisError."""
    current_app.send_task(RUN_TASK, [list(turns)], retry=False)


async def dispatch_turn(turn: TurnTask) -> None:
    """Send a turn to a worker; raises OperationalError, RedisError or TimeoutError."""
    await _batcher().submit(turn)


class _DispatchRate:
    """The number of turns dispatched in about the last second, by exponential decay."""

    def __init__(self) -> None:
        self._recent, self._sent_at = 0.0, time.monotonic()

    def delay_after(self, count: int) -> float:
        """Count `count` dispatched turns and return how many seconds the next message waits."""
        now = time.monotonic()
        self._recent = self._recent * math.exp(self._sent_at - now) + count
        self._sent_at = now
        return min(MAX_DELAY_SECONDS, DELAY_PER_TURN_SECONDS * self._recent)


_in_flight: "set[asyncio.Future[None]]" = set()


async def _send_batch(turns: Sequence[TurnTask]) -> list[None]:
    _in_flight.add(message := asyncio.ensure_future(run_in_db_thread(send_turn_tasks, turns)))
    message.add_done_callback(_in_flight.discard)
    # Shielded: cancelling would wait for the thread, which cannot be interrupted.
    await asyncio.wait_for(asyncio.shield(message), DISPATCH_TIMEOUT_SECONDS)
    return [None] * len(turns)


_batcher = per_loop(
    lambda: Batcher(_send_batch, max_size=MAX_TURNS_PER_MESSAGE, pause_after=_DispatchRate().delay_after)
)
