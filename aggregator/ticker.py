"""The beat that streams are read and written by: what comes between two ticks is moved once, together.

A process that has little time to spare beats more slowly, so that it has less to do for each token: answers
then come in larger pieces, rather than later and later.
"""

import asyncio
import time
from contextvars import ContextVar
from weakref import WeakKeyDictionary

SHORTEST_SECONDS, LONGEST_SECONDS = 0.03, 0.24
# Shares of the loop's time: busier than the one it slows down, less busy than the other it speeds up again.
CROWDED, CALM = 0.92, 0.7
STEP = 1.07
# Turns beat in one of these, one after the other, so that none waits while all the others are read.
LANES = 3
_lane: ContextVar[int] = ContextVar("lane", default=0)


class Ticker:
    """Wakes all who wait on an event loop at the same moments; it costs nothing while nobody waits."""

    def __init__(self) -> None:
        self._bells: list[asyncio.Event | None] = [None] * LANES
        self._joined = 0
        self._period = SHORTEST_SECONDS
        self._rung, self._worked = time.monotonic(), time.thread_time()

    def join(self) -> None:
        """Let the running task and those it begins beat together from now on."""
        self._joined += 1
        _lane.set(self._joined % LANES)

    def next_tick(self) -> float:
        """Return the moment of the next tick of any lane, by the loop's clock."""
        step = self._period / LANES
        return (asyncio.get_running_loop().time() // step + 1) * step

    async def wait(self) -> None:
        """Wait until the next tick of the own lane."""
        lane = _lane.get()
        bell = self._bells[lane]
        if bell is None:
            bell = self._bells[lane] = asyncio.Event()
            ahead = self._period * lane / LANES
            loop = asyncio.get_running_loop()
            at = ((loop.time() - ahead) // self._period + 1) * self._period + ahead
            loop.call_at(at, self._ring, lane)
        await bell.wait()

    def _ring(self, lane: int) -> None:
        bell, self._bells[lane] = self._bells[lane], None
        if bell:
            bell.set()
        now, worked = time.monotonic(), time.thread_time()
        busy = (worked - self._worked) / max(now - self._rung, SHORTEST_SECONDS / LANES)
        self._rung, self._worked = now, worked
        if busy > CROWDED:
            self._period = min(LONGEST_SECONDS, self._period * STEP)
        elif busy < CALM:
            self._period = max(SHORTEST_SECONDS, self._period / STEP)


_tickers: "WeakKeyDictionary[asyncio.AbstractEventLoop, Ticker]" = WeakKeyDictionary()


def shared_ticker() -> Ticker:
    """Return the running loop's ticker."""
    loop = asyncio.get_running_loop()
    if loop not in _tickers:
        _tickers[loop] = Ticker()
    return _tickers[loop]
