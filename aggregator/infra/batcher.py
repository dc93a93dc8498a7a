"""Groups what concurrent tasks of one event loop submit, so that a round trip is paid once for a batch."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar, cast

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batcher(Generic[Item, Result]):
    """Passes items to `handle` in batches: what is submitted while it works forms the next batch.

    `handle` returns one result for each item, in order. An error that it raises is raised by every `submit`
    of the batch or, with `retries_alone`, by those that fail again in a batch of their own. A batch is
    handled to its end even when the tasks that wait for its results are cancelled.
    """

    def __init__(
        self,
        handle: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        *,
        max_size: int,
        max_workers: int = 1,
        retries_alone: bool = False,
        pause_after: Callable[[int], float] | None = None,
    ) -> None:
        """Limit the batches by size and number at once; `pause_after` a batch's size returns seconds."""
        self._handle = handle
        self._max_size, self._max_workers = max_size, max_workers
        self._retries_alone, self._pause_after = retries_alone, pause_after
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._workers: set[asyncio.Task[None]] = set()

    def submit(self, item: Item) -> "asyncio.Future[Result]":
        """Add an item to the next batch and return its future result."""
        result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, result))
        if len(self._workers) < self._max_workers:
            self._workers.add(asyncio.create_task(self._work()))
        return result

    async def close(self) -> None:
        """Wait until all that was submitted is handled."""
        await asyncio.gather(*self._workers, return_exceptions=True)

    async def _work(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._max_size], self._waiting[self._max_size :]
                await self._settle(batch)
                if self._pause_after:
                    await asyncio.sleep(self._pause_after(len(batch)))
        finally:
            # Not in a done callback, which runs later: an item submitted in between would get no worker.
            self._workers.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    async def _settle(self, batch: "Sequence[tuple[Item, asyncio.Future[Result]]]") -> None:
        try:
            results = await self._handle([item for item, _ in batch])
        except Exception as error:  # noqa: BLE001 - the tasks that wait for the result raise it
            if self._retries_alone and len(batch) > 1:
                for each in batch:
                    await self._settle([each])
                return
            for _, waiting in batch:
                if not waiting.done():
                    waiting.set_exception(error)
            return
        for (_, waiting), result in zip(batch, results, strict=True):
            if not waiting.done():
                waiting.set_result(result)
