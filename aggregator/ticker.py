"""The beat that streams are read and written by: what comes between two ticks is moved once, together.

A process that has little time to spare beats more slowly, so that it has less to do for each token: answers
then come in larger pieces, rather than later and later.
"""

import asyncio
import time
from weakref import WeakKeyDictionary

SHORTEST_SECONDS, LONGEST_SECONDS = 0.03, 0.24
# Shares of the loop's time: busier than the one it slows down, less busy than the other it speeds up again.
CROWDED, CALM = 0.92, 0.7
STEP = 1.2


class Ticker:
    """Wakes all who wait on an event loop at the same moments; it costs nothing while nobody waits."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._bell: asyncio.Event | None = None
        self._period = SHORTEST_SECONDS
        self._rung, self._worked = self._loop.time(), time.thread_time()

    def next_tick(self) -> float:
        """Return the moment of the next tick, by the loop's clock."""
        return (self._loop.time() // self._period + 1) * self._period

    async def wait(self) -> None:
        """Wait until the next tick."""
        bell = self._bell
        if bell is None:
            bell = self._bell = asyncio.Event()
            self._loop.call_at(self.next_tick(), self._ring, bell)
        await bell.wait()

    def _ring(self, bell: asyncio.Event) -> None:
        self._bell = None
        bell.set()
        now, worked = self._loop.time(), time.thread_time()
        busy = (worked - self._worked) / max(now - self._rung, SHORTEST_SECONDS)
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
