"""The tick that streams are read and written by: what comes between two ticks is moved once, together.

A process that has little time to spare beats more slowly, so that it has less to do for each token: answers
then come in larger pieces, rather than later and later.
"""

import asyncio
import time
from collections import deque
from contextvars import ContextVar
from weakref import WeakKeyDictionary

MIN_PERIOD_SECONDS, MAX_PERIOD_SECONDS = 0.03, 0.4
# Shares of the loop's time: busier than the one it slows down, less busy than the other it speeds up again.
BUSY_SHARE, IDLE_SHARE = 0.92, 0.7
PERIOD_FACTOR = 1.07
# A loop whose ticks come so much too late, smoothed over some of them, has no time to spare.
MAX_LAG_SECONDS, SMOOTHING = 0.004, 0.2
# One with many turns that is so much too late is crowded, though others may use the processor it waits for.
BEHIND_SECONDS = 0.02
# How long what can wait gives way then, and how many of it go on at a tick once there is time.
YIELD_SECONDS, RELEASED_PER_TICK = 1.0, 2
# Turns tick in one of these, one after the other, so that none waits while all the others are read.
# A few use every third one, as each tick costs something too.
LANES, SPARSE_STRIDE, MANY_TASKS = 9, 3, 200
_lane: ContextVar[int] = ContextVar("lane", default=0)
TickFuture = asyncio.Future[None]


class FlushScheduler:
    """Wakes all who wait on an event loop at the same moments; it costs nothing while nobody waits."""

    def __init__(self) -> None:
        self._waiting: list[list[TickFuture]] = [[] for _ in range(LANES)]
        self._is_armed = [False] * LANES
        self._joined_count = self._active_count = 0
        self._period = MIN_PERIOD_SECONDS
        self._fired_at, self._worked = time.monotonic(), time.thread_time()
        self._lag_seconds = 0.0
        self._deferred: deque[tuple[float, asyncio.Event]] = deque()

    def join(self) -> None:
        """Let the running task and those it begins tick together from now on."""
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
        """Return the moment of the next tick of any lane, by the loop's clock."""
        step = self._period * self._stride / LANES
        return (asyncio.get_running_loop().time() // step + 1) * step

    def wait_tick(self) -> TickFuture:
        """Return what is done at the own lane's next tick; whoever has a reason may set it before."""
        lane = _lane.get()
        tick = asyncio.get_running_loop().create_future()
        self._arm(lane)
        self._waiting[lane].append(tick)
        return tick

    async def yield_when_busy(self, most_s: float = YIELD_SECONDS) -> None:
        """Let what cannot wait go first: come back once the loop has time to spare, or after so long."""
        if self._lag_seconds < MAX_LAG_SECONDS and not self._deferred:
            return
        turn = asyncio.Event()
        self._deferred.append((time.monotonic() + most_s, turn))
        self._arm(_lane.get())
        await turn.wait()

    def _arm(self, lane: int) -> None:
        if not self._is_armed[lane]:
            self._is_armed[lane] = True
            ahead = self._period * lane / LANES
            loop = asyncio.get_running_loop()
            at = ((loop.time() - ahead) // self._period + 1) * self._period + ahead
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
            self._period = min(MAX_PERIOD_SECONDS, self._period * PERIOD_FACTOR)
        elif busy < IDLE_SHARE and self._lag_seconds < MAX_LAG_SECONDS:
            self._period = max(MIN_PERIOD_SECONDS, self._period / PERIOD_FACTOR)


def release_tick(tick: TickFuture | None) -> None:
    """Let whoever awaits a tick go on; one that is over, or that nobody awaits, is left alone."""
    if tick is not None and not tick.done():
        tick.set_result(None)


_schedulers: "WeakKeyDictionary[asyncio.AbstractEventLoop, FlushScheduler]" = WeakKeyDictionary()


def get_flush_scheduler() -> FlushScheduler:
    """Return the running loop's ticker."""
    loop = asyncio.get_running_loop()
    if loop not in _schedulers:
        _schedulers[loop] = FlushScheduler()
    return _schedulers[loop]
