"""A semaphore that admits waiters fairly by owner and reports their position in the queue."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

ReportPosition = Callable[[int], Awaitable[None]]
CheckAsync = Callable[[], Awaitable[bool]]
# A changed position is reported at most this often, so that a long queue does not report every step.
REPORT_SECONDS = 0.5


@dataclass(slots=True, eq=False)
class Waiter:
    """One entry of the queue and the owner it waits for."""

    owner: str
    admitted: asyncio.Event = field(default_factory=asyncio.Event)


class FairSemaphore:
    """Limits how many holders there are at once, in all and for each owner; bound to one event loop.

    The waiter whose owner holds least is admitted first; among equals the one that waits longest.
    """

    def __init__(self, limit: int, *, limit_each: int = 0) -> None:
        self.limit = limit
        self._limit_each = limit_each or limit
        self._holders: list[str] = []
        self._queue: list[Waiter] = []

    @property
    def held(self) -> int:
        """The number of holders now."""
        return len(self._holders)

    @property
    def queued(self) -> int:
        """The number of waiters now."""
        return len(self._queue)

    @contextlib.asynccontextmanager
    async def acquire(
        self,
        report: ReportPosition | None = None,
        owner: str = "",
        is_cancelled: CheckAsync | None = None,
    ) -> AsyncIterator[None]:
        """Wait to be admitted, reporting the position meanwhile, and hold the semaphore in the body.

        When `is_cancelled` returns true, the body runs without holding it.
        """
        waiter = Waiter(owner)
        self._queue.append(waiter)
        try:
            self._admit()
            await self._wait(waiter, report, is_cancelled)
            self._leave_queue(waiter)
            yield
        finally:
            self._leave_queue(waiter)
            if waiter.admitted.is_set():
                self._holders.remove(owner)
            self._admit()

    def _leave_queue(self, waiter: Waiter) -> None:
        if waiter in self._queue:
            self._queue.remove(waiter)

    def _admit(self) -> None:
        while len(self._holders) < self.limit:
            waiter = min(self._queue, key=self._count_held, default=None)
            if waiter is None or self._count_held(waiter) >= self._limit_each:
                return
            self._queue.remove(waiter)
            self._holders.append(waiter.owner)
            waiter.admitted.set()

    def _count_held(self, waiter: Waiter) -> int:
        return self._holders.count(waiter.owner)

    def _position(self, waiter: Waiter) -> int:
        ordered = sorted(self._queue, key=self._count_held)
        return ordered.index(waiter) + 1 if waiter in ordered else 0

    async def _wait(
        self, waiter: Waiter, report: ReportPosition | None, is_cancelled: CheckAsync | None
    ) -> None:
        reported = 0
        while not (waiter.admitted.is_set() or (is_cancelled and await is_cancelled())):
            position = self._position(waiter)
            if report and position and position != reported:
                reported = position
                await report(position)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REPORT_SECONDS):
                    await waiter.admitted.wait()
