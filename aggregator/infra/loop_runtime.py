"""Objects of which each event loop has its own: connections, queues and locks that belong to one loop."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")


class PerLoop(Generic[T]):
    """Holds one object for each event loop; calling it returns the running loop's, created at first use."""

    def __init__(self, factory: Callable[[], T], close: Callable[[T], Awaitable[None]] | None = None) -> None:
        self._factory = factory
        self._close = close
        self._objects: WeakKeyDictionary[asyncio.AbstractEventLoop, T] = WeakKeyDictionary()

    def __call__(self) -> T:
        """Return the running loop's object."""
        loop = asyncio.get_running_loop()
        try:
            return self._objects[loop]
        except KeyError:
            return self._objects.setdefault(loop, self._factory())

    def forget(self) -> T | None:
        """Return the running loop's object, if there is one; the next call creates another."""
        return self._objects.pop(asyncio.get_running_loop(), None)

    async def close(self) -> None:
        """Forget the running loop's object, if there is one, and close it."""
        found = self.forget()
        if found is not None and self._close is not None:
            await self._close(found)


def per_loop(factory: Callable[[], T], close: Callable[[T], Awaitable[None]] | None = None) -> PerLoop[T]:
    """Return a holder of one object for each event loop, which `close` releases."""
    return PerLoop(factory, close)
