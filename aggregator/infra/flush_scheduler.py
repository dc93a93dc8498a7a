"""Ticks at which streams are read and written: data that arrives between two ticks is moved together.

A busy process ticks more slowly, so that each token costs it less: answers then arrive in larger pieces
instead of ever later.
"""

import asyncio
import time
from collections import deque
from contextvars import ContextVar

from aggregator.infra.loop_runtime import per_loop

MIN_PERIOD_SECONDS, MAX_PERIOD_SECONDS = 0.03, 0.4
# With more than a few turns each is read twenty times a second at most: a tick of a turn costs as much as the
# tokens that it moves.
FEW_TASKS, CROWDED_PERIOD_SECONDS = 8, 0.05
# Shares of processor time: above the first the period grows, below the second it shrinks again.
BUSY_SHARE, IDLE_SHARE = 0.92, 0.7
PERIOD_FACTOR = 1.07
# A loop whose ticks are this late, exponentially smoothed, is busy.
MAX_LAG_SECONDS, SMOOTHING = 0.004, 0.2
# With many turns it also slows down when it is this late, even if other processes use the processor.
BEHIND_SECONDS = 0.02
# How long deferrable work waits for a busy loop, and how much of it a tick resumes once there is time.
YIELD_SECONDS, RELEASED_PER_TICK = 1.0, 2
# Turns are spread over lanes that tick one after the other, so that no turn waits while all others are read.
# Up to MANY_TASKS turns use every third lane, as each tick has a cost too.
LANES, SPARSE_STRIDE, MANY_TASKS = 9, 3, 200
# uvloop's timers count whole milliseconds and may end half a one early; that tick must not be armed again.
CLOCK_STEP_SECONDS = 0.001
_lane: ContextVar[int] = ContextVar("lane", default=0)
TickFuture = asyncio.Future[None]


class FlushScheduler:
    """Wakes all waiting tasks of an event loop at common ticks; without waiting tasks there are no ticks."""

    def __init__(self) -> None:
        self._waiting: list[list[TickFuture]] = [[] for _ in range(LANES)]
        self._is_armed = [False] * LANES
        self._joined_count = self._active_count = 0
        self.period = MIN_PERIOD_SECONDS
        self._fired_at, self._worked = time.monotonic(), time.thread_time()
        self._lag_seconds = 0.0
        self._deferred: deque[tuple[float, asyncio.Event]] = deque()

    def join(self) -> None:
        """Assign the running task, and the tasks it creates, to a lane."""
        self._joined_count += 1
        _lane.set(self._joined_count * self._stride % LANES)
        if task := asyncio.current_task():
            self._active_count += 1
            task.add_done_callback(self._leave)

    def _leave(self, _: "asyncio.Task[object]") -> None:
        self._active_count -= 1

    @property
    def _stride(self) -> int:
        return 1 if self._active_count > MANY_TASKS else SPARSE_STRIDE

    def next_tick(self) -> float:
        """Return the time of the next tick of any lane, by the loop's clock."""
        return find_tick(asyncio.get_running_loop().time(), self.period * self._stride / LANES)

    def wait_tick(self) -> TickFuture:
        """Return a future that the next tick of the task's lane, or `release_tick`, completes."""
        lane = _lane.get()
        tick = asyncio.get_running_loop().create_future()
        self._arm(lane)
        self._waiting[lane].append(tick)
        return tick

    async def yield_when_busy(self, most_s: float = YIELD_SECONDS) -> None:
        """Wait until the loop has time to spare, at most `most_s` seconds."""
        if self._lag_seconds < MAX_LAG_SECONDS and not self._deferred:
            return
        resumed = asyncio.Event()
        self._deferred.append((time.monotonic() + most_s, resumed))
        self._arm(_lane.get())
        await resumed.wait()

    def _arm(self, lane: int) -> None:
        if not self._is_armed[lane]:
            self._is_armed[lane] = True
            loop = asyncio.get_running_loop()
            at = find_tick(loop.time(), self.period, self.period * lane / LANES)
            loop.call_at(at, self._fire, lane, at)

    def _fire(self, lane: int, at: float) -> None:
        self._is_armed[lane] = False
        waiting, self._waiting[lane] = self._waiting[lane], []
        for tick in waiting:
            release_tick(tick)
        self._lag_seconds += SMOOTHING * (time.monotonic() - at - self._lag_seconds)
        self._adjust_period()
        if self._deferred:
            self._resume_deferred()
            self._arm(lane)

    def _resume_deferred(self) -> None:
        free, now = RELEASED_PER_TICK if self._lag_seconds < MAX_LAG_SECONDS else 0, time.monotonic()
        while self._deferred and (free > 0 or self._deferred[0][0] < now):
            free -= 1
            self._deferred.popleft()[1].set()

    def _adjust_period(self) -> None:
        now, worked = time.monotonic(), time.thread_time()
        busy = (worked - self._worked) / max(now - self._fired_at, MIN_PERIOD_SECONDS / LANES)
        self._fired_at, self._worked = now, worked
        is_behind = self._active_count > MANY_TASKS and self._lag_seconds > BEHIND_SECONDS
        if busy > BUSY_SHARE or is_behind:
            self.period = min(MAX_PERIOD_SECONDS, self.period * PERIOD_FACTOR)
        elif busy < IDLE_SHARE and self._lag_seconds < MAX_LAG_SECONDS:
            self.period /= PERIOD_FACTOR
        shortest = CROWDED_PERIOD_SECONDS if self._active_count > FEW_TASKS else MIN_PERIOD_SECONDS
        self.period = max(shortest, self.period)


def find_tick(now: float, period: float, ahead: float = 0.0) -> float:
    """Return the first tick later than the one that a timer may be ending at this time."""
    return ((now + CLOCK_STEP_SECONDS - ahead) // period + 1) * period + ahead


def release_tick(tick: TickFuture | None) -> None:
    """Complete a tick early; does nothing when it is None or done."""
    if tick is not None and not tick.done():
        tick.set_result(None)


get_flush_scheduler = per_loop(FlushScheduler)
