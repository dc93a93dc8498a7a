"""The beat that streams are read and written by: what comes between two ticks is moved once, together.

A process that has little time to spare beats more slowly, so that it has less to do for each token: answers
then come in larger pieces, rather than later and later.
"""

import asyncio
import time
from collections import deque
from contextvars import ContextVar
from weakref import WeakKeyDictionary

SHORTEST_SECONDS, LONGEST_SECONDS = 0.03, 0.4
# Shares of the loop's time: busier than the one it slows down, less busy than the other it speeds up again.
CROWDED, CALM = 0.92, 0.7
STEP = 1.07
# A loop whose ticks come so much too late, smoothed over some of them, has no time to spare.
LATE_SECONDS, SMOOTHING = 0.004, 0.2
# One with many turns that is so much too late is crowded, though others may use the processor it waits for.
BEHIND_SECONDS = 0.02
# How long what can wait gives way then, and how many of it go on at a tick once there is time.
LULL_SECONDS, RELEASED = 1.0, 2
# Turns beat in one of these, one after the other, so that none waits while all the others are read.
# A few use every third one, as each beat costs something too.
LANES, SPARSELY, MANY = 9, 3, 200
_lane: ContextVar[int] = ContextVar("lane", default=0)
Beat = asyncio.Future[None]


class Ticker:
    """Wakes all who wait on an event loop at the same moments; it costs nothing while nobody waits."""

    def __init__(self) -> None:
        self._waiting: list[list[Beat]] = [[] for _ in range(LANES)]
        self._is_wound = [False] * LANES
        self._joined = self._inside = 0
        self._period = SHORTEST_SECONDS
        self._rung, self._worked = time.monotonic(), time.thread_time()
        self._late = 0.0
        self._patient: deque[tuple[float, asyncio.Event]] = deque()

    def join(self) -> None:
        """Let the running task and those it begins beat together from now on."""
        self._joined += 1
        _lane.set(self._joined * self._stride % LANES)
        if task := asyncio.current_task():
            self._inside += 1
            task.add_done_callback(self._leave)

    def _leave(self, _: "asyncio.Task[object]") -> None:
        self._inside -= 1

    @property
    def _stride(self) -> int:
        return 1 if self._inside > MANY else SPARSELY

    def next_tick(self) -> float:
        """Return the moment of the next tick of any lane, by the loop's clock."""
        step = self._period * self._stride / LANES
        return (asyncio.get_running_loop().time() // step + 1) * step

    def beat(self) -> Beat:
        """Return what is done at the own lane's next tick; whoever has a reason may set it before."""
        lane = _lane.get()
        beat = asyncio.get_running_loop().create_future()
        self._wind(lane)
        self._waiting[lane].append(beat)
        return beat

    async def lull(self, most_s: float = LULL_SECONDS) -> None:
        """Let what cannot wait go first: come back once the loop has time to spare, or after so long."""
        if self._late < LATE_SECONDS and not self._patient:
            return
        turn = asyncio.Event()
        self._patient.append((time.monotonic() + most_s, turn))
        self._wind(_lane.get())
        await turn.wait()

    def _wind(self, lane: int) -> None:
        if not self._is_wound[lane]:
            self._is_wound[lane] = True
            ahead = self._period * lane / LANES
            loop = asyncio.get_running_loop()
            at = ((loop.time() - ahead) // self._period + 1) * self._period + ahead
            loop.call_at(at, self._ring, lane, at)

    def _ring(self, lane: int, at: float) -> None:
        self._is_wound[lane] = False
        waiting, self._waiting[lane] = self._waiting[lane], []
        for beat in waiting:
            set_beat(beat)
        self._late += SMOOTHING * (time.monotonic() - at - self._late)
        self._pace()
        if self._patient:
            self._release()
            self._wind(lane)

    def _release(self) -> None:
        free, now = RELEASED if self._late < LATE_SECONDS else 0, time.monotonic()
        while self._patient and (free > 0 or self._patient[0][0] < now):
            free -= 1
            self._patient.popleft()[1].set()

    def _pace(self) -> None:
        now, worked = time.monotonic(), time.thread_time()
        busy = (worked - self._worked) / max(now - self._rung, SHORTEST_SECONDS / LANES)
        self._rung, self._worked = now, worked
        is_behind = self._inside > MANY and self._late > BEHIND_SECONDS
        if busy > CROWDED or is_behind:
            self._period = min(LONGEST_SECONDS, self._period * STEP)
        elif busy < CALM and self._late < LATE_SECONDS:
            self._period = max(SHORTEST_SECONDS, self._period / STEP)


def set_beat(beat: Beat | None) -> None:
    """Let whoever awaits a beat go on; one that is over, or that nobody awaits, is left alone."""
    if beat is not None and not beat.done():
        beat.set_result(None)


_tickers: "WeakKeyDictionary[asyncio.AbstractEventLoop, Ticker]" = WeakKeyDictionary()


def shared_ticker() -> Ticker:
    """Return the running loop's ticker."""
    loop = asyncio.get_running_loop()
    if loop not in _tickers:
        _tickers[loop] = Ticker()
    return _tickers[loop]
