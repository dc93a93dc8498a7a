"""Items that are submitted while a batch is handled share the next one, and each gets its own result."""

import asyncio
from collections.abc import Sequence

import pytest

from aggregator.infra.batcher import Batcher


class Doubler:
    """Handles batches of numbers slowly; a batch with a negative number fails."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    async def handle(self, numbers: Sequence[int]) -> list[int]:
        """Return twice each number."""
        self.batches.append(list(numbers))
        await asyncio.sleep(0.01)
        if min(numbers) < 0:
            raise ValueError(min(numbers))
        return [2 * number for number in numbers]


async def test_items_submitted_during_a_batch_share_the_next_up_to_its_size() -> None:
    doubler = Doubler()
    batcher = Batcher(doubler.handle, max_size=3)
    first = batcher.submit(1)
    await asyncio.sleep(0)
    results = await asyncio.gather(first, *map(batcher.submit, range(2, 7)))
    assert results == [2, 4, 6, 8, 10, 12]
    assert doubler.batches == [[1], [2, 3, 4], [5, 6]]


async def test_workers_handle_batches_at_the_same_time() -> None:
    doubler = Doubler()
    batcher = Batcher(doubler.handle, max_size=1, max_workers=2)
    futures = [batcher.submit(number) for number in range(3)]
    await asyncio.sleep(0)
    assert len(doubler.batches) == 2
    assert await asyncio.gather(*futures) == [0, 2, 4]


async def test_an_error_is_raised_by_every_item_of_its_batch_and_of_no_other() -> None:
    batcher = Batcher(Doubler().handle, max_size=2)
    results = await asyncio.gather(*map(batcher.submit, (1, -1, 2)), return_exceptions=True)
    assert [type(result) for result in results] == [ValueError, ValueError, int]


async def test_with_retries_alone_only_the_failing_item_raises() -> None:
    batcher = Batcher(Doubler().handle, max_size=3, retries_alone=True)
    results = await asyncio.gather(*map(batcher.submit, (1, -1, 2)), return_exceptions=True)
    assert (results[0], type(results[1]), results[2]) == (2, ValueError, 4)


async def test_a_batch_is_handled_to_its_end_without_its_waiting_tasks() -> None:
    doubler = Doubler()
    batcher = Batcher(doubler.handle, max_size=3)
    cancelled = batcher.submit(1)
    cancelled.cancel()
    await batcher.close()
    assert doubler.batches == [[1]]
    with pytest.raises(asyncio.CancelledError):
        await cancelled


async def test_a_pause_lets_more_items_share_a_batch() -> None:
    doubler, sizes = Doubler(), list[int]()

    def pause_after(size: int) -> float:
        sizes.append(size)
        return 0.02

    batcher = Batcher(doubler.handle, max_size=9, pause_after=pause_after)
    assert await batcher.submit(1) == 2
    later = [batcher.submit(2)]
    await asyncio.sleep(0.001)
    later.append(batcher.submit(3))
    assert await asyncio.gather(*later) == [4, 6]
    assert doubler.batches == [[1], [2, 3]]
    assert sizes[0] == 1
