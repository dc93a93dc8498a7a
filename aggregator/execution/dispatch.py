"""Hands turns to workers through Celery: those that come while others are on their way go together."""

import asyncio
import math
import time
import uuid
from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from celery import current_app

from aggregator.infra.concurrency import run_in_db_thread
from aggregator.infra.telemetry import trace_parent

RUN_TASK = "aggregator.tasks.run_turns"
# The more turns were handed over of late, the longer a message waits for others to go along: a busy worker
# spends more on taking it in than on the turns that it names.
DELAY_PER_TURN_SECONDS, MAX_DELAY_SECONDS = 0.0003, 0.1
# What the broker has not taken by then, the next look for abandoned turns hands over.
DISPATCH_TIMEOUT_SECONDS = 10.0
# A turn's id, whether nobody can have begun it, and the trace that it belongs to.
TurnTask = dict[str, Any]


def build_turn_task(turn_id: uuid.UUID, *, is_new: bool = False) -> TurnTask:
    """Return what a worker is told of a turn: never a word of it."""
    return {"turn": str(turn_id), "is_new": is_new, "trace": trace_parent(str(turn_id))}


def send_turn_tasks(turns: Sequence[TurnTask]) -> None:
    """Send turns to whichever worker is free first; raises OperationalError or RedisError."""
    current_app.send_task(RUN_TASK, [list(turns)], retry=False)


async def dispatch_turn(turn: TurnTask) -> None:
    """Send a turn on its way, with all that wait for the same; raises as `send_turns`, or TimeoutError."""
    loop = asyncio.get_running_loop()
    if loop not in _batchers:
        _batchers[loop] = _DispatchBatcher()
    await _batchers[loop].submit(turn)


class _DispatchBatcher:
    """What one event loop has to hand over: a message costs both sides as much for one turn as for ten."""

    def __init__(self) -> None:
        self._waiting: list[tuple[TurnTask, asyncio.Future[None]]] = []
        self._sending: asyncio.Task[None] | None = None
        self._in_flight: set[asyncio.Future[None]] = set()
        # How many were sent, each forgotten over about a second.
        self._recent, self._sent_at = 0.0, time.monotonic()

    def submit(self, turn: TurnTask) -> "asyncio.Future[None]":
        sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, sent))
        if self._sending is None:
            self._sending = asyncio.create_task(self._send_all())
        return sent

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                await self._send(batch)
                await asyncio.sleep(self._delay_after(len(batch)))
        finally:
            self._sending = None

    def _delay_after(self, count: int) -> float:
        now = time.monotonic()
        self._recent = self._recent * math.exp(self._sent_at - now) + count
        self._sent_at = now
        return min(MAX_DELAY_SECONDS, DELAY_PER_TURN_SECONDS * self._recent)

    async def _send(self, batch: "list[tuple[TurnTask, asyncio.Future[None]]]") -> None:
        turns = [turn for turn, _ in batch]
        self._in_flight.add(message := asyncio.ensure_future(run_in_db_thread(send_turn_tasks, turns)))
        message.add_done_callback(self._in_flight.discard)
        try:
            # Not cancelled: that would wait for the thread, which cannot be told to stop.
            await asyncio.wait_for(asyncio.shield(message), DISPATCH_TIMEOUT_SECONDS)
        except Exception as error:  # noqa: BLE001 - whoever waits tells what it is
            failure: Exception | None = error
        else:
            failure = None
        for _, sent in batch:
            if sent.done():
                continue
            if failure:
                sent.set_exception(failure)
            else:
                sent.set_result(None)


_batchers: "WeakKeyDictionary[asyncio.AbstractEventLoop, _DispatchBatcher]" = WeakKeyDictionary()
