"""Lets so many in at once; who waits is served fairly and told its place."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from aggregator.catalog.catalog import LanguageModel
from aggregator.infra.loop_runtime import PerLoop, per_loop

ReportPosition = Callable[[int], Awaitable[None]]
CheckAsync = Callable[[], Awaitable[bool]]
# Places are told anew when they change, but not for every step of a long queue.
REPORT_SECONDS = 0.5


@dataclass(slots=True, eq=False)
class Waiter:
    """Someone in the queue, and the person it is for."""

    person: str
    admitted: asyncio.Event = field(default_factory=asyncio.Event)


class FairSemaphore:
    """A limit on how many work at once, and on how many of them may be one person's; for one event loop."""

    def __init__(self, places: int, *, each: int = 0) -> None:
        self.places = places
        self._each = each or places
        self._inside: list[str] = []
        self._queue: list[Waiter] = []

    @property
    def inside(self) -> int:
        """How many work now."""
        return len(self._inside)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._queue)

    @contextlib.asynccontextmanager
    async def acquire(
        self, tell: ReportPosition, person: str = "", is_over: CheckAsync | None = None
    ) -> AsyncIterator[None]:
        """Wait until there is a place, telling the own position meanwhile, and hold it while inside.

        Who finds the waiting to be over goes on without one.
        """
        waiter = Waiter(person)
        self._queue.append(waiter)
        try:
            self._admit()
            await self._wait(waiter, tell, is_over or _return_false)
            self._leave_queue(waiter)
            yield
        finally:
            self._leave_queue(waiter)
            if waiter.admitted.is_set():
                self._inside.remove(person)
            self._admit()

    def _leave_queue(self, waiter: Waiter) -> None:
        if waiter in self._queue:
            self._queue.remove(waiter)

    def _admit(self) -> None:
        while len(self._inside) < self.places:
            waiter = min(self._queue, key=self._burden, default=None)
            if waiter is None or self._inside.count(waiter.person) >= self._each:
                return
            self._queue.remove(waiter)
            self._inside.append(waiter.person)
            waiter.admitted.set()

    def _burden(self, waiter: Waiter) -> int:
        # Whoever has least running is served first; among equals, who came first.
        return self._inside.count(waiter.person)

    def _position(self, waiter: Waiter) -> int:
        served = sorted(self._queue, key=self._burden)
        return served.index(waiter) + 1 if waiter in served else 0

    async def _wait(self, waiter: Waiter, tell: ReportPosition, is_over: CheckAsync) -> None:
        told = 0
        while not (waiter.admitted.is_set() or await is_over()):
            position = self._position(waiter)
            if position and position != told:
                told = position
                await tell(position)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REPORT_SECONDS):
                    await waiter.admitted.wait()


_semaphores: PerLoop[dict[str, FairSemaphore]] = per_loop(dict)


@contextlib.asynccontextmanager
async def limit_model_concurrency(
    model: LanguageModel, within_s: float, tell: ReportPosition | None = None
) -> AsyncIterator[None]:
    """Hold one of the places that a model has here, whatever it is asked for; raises TimeoutError."""
    here = _semaphores()
    if model.slug not in here:
        here[model.slug] = FairSemaphore(model.concurrency)
    async with contextlib.AsyncExitStack() as held:
        async with asyncio.timeout(within_s):
            await held.enter_async_context(here[model.slug].acquire(tell or _ignore_position))
        yield


async def _ignore_position(position: int) -> None:
    del position


async def _return_false() -> bool:
    return False
