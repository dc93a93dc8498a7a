"""The beat that streams are read and written by: what comes between two ticks is moved once, together."""

import asyncio
from weakref import WeakKeyDictionary

TICK_SECONDS = 0.03


def next_tick(now: float) -> float:
    """Return the moment of the next tick, by the loop's clock."""
    return (now // TICK_SECONDS + 1) * TICK_SECONDS


class Ticker:
    """Wakes all who wait on an event loop at the same moments; it costs nothing while nobody waits."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._bell: asyncio.Event | None = None

    async def wait(self) -> None:
        """Wait until the next tick."""
        bell = self._bell
        if bell is None:
            bell = self._bell = asyncio.Event()
            self._loop.call_at(next_tick(self._loop.time()), self._ring, bell)
        await bell.wait()

    def _ring(self, bell: asyncio.Event) -> None:
        self._bell = None
        bell.set()


_tickers: "WeakKeyDictionary[asyncio.AbstractEventLoop, Ticker]" = WeakKeyDictionary()


def shared_ticker() -> Ticker:
    """Return the running loop's ticker."""
    loop = asyncio.get_running_loop()
    if loop not in _tickers:
        _tickers[loop] = Ticker()
    return _tickers[loop]
