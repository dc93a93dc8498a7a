"""Streams of one turn are woken together, and whoever is told to end while waiting takes nobody along."""

import asyncio
import time
from contextlib import suppress
from itertools import pairwise

from aggregator.infra.flush_scheduler import (
    LANES,
    MANY_TASKS,
    MIN_PERIOD_SECONDS,
    SPARSE_STRIDE,
    get_flush_scheduler,
    release_tick,
)


async def beats(count: int, heard: list[str], name: str) -> None:
    """Note each of some ticks."""
    for _ in range(count):
        await get_flush_scheduler().wait_tick()
        heard.append(name)


async def come_late(times: int) -> None:
    """Let some ticks come too late, as the loop's time goes elsewhere."""
    for _ in range(times):
        waiting = get_flush_scheduler().wait_tick()
        await asyncio.sleep(0)
        time.sleep(0.06)  # noqa: ASYNC251
        await waiting


async def test_those_that_a_task_begins_beat_together() -> None:
    heard: list[str] = []

    async def turn() -> None:
        get_flush_scheduler().join()
        await asyncio.gather(*(beats(3, heard, name) for name in "abcd"))

    await turn()

    assert [sorted(heard[place : place + 4]) for place in (0, 4, 8)] == [["a", "b", "c", "d"]] * 3


async def test_turns_take_turns() -> None:
    heard: list[str] = []

    async def turn(name: str) -> None:
        get_flush_scheduler().join()
        await beats(2, heard, name)

    names = [str(number) for number in range(LANES // SPARSE_STRIDE)]
    await asyncio.gather(*(turn(name) for name in names))

    assert sorted(heard[: len(names)]) == sorted(heard[len(names) :]) == names


async def count_groups(turns: int) -> int:
    """Return in how many moments apart so many turns are woken."""
    moments: list[float] = []

    async def turn() -> None:
        get_flush_scheduler().join()
        await asyncio.sleep(0)
        await get_flush_scheduler().wait_tick()
        moments.append(asyncio.get_running_loop().time())

    await asyncio.gather(*(turn() for _ in range(turns)))
    return 1 + sum(later - earlier > 0.001 for earlier, later in pairwise(sorted(moments)))


async def test_many_turns_are_woken_in_more_and_smaller_groups() -> None:
    # Where others take the processor some groups fall together: that says nothing of where they would stand.
    assert max([await count_groups(3 * MANY_TASKS) for _ in range(5)]) > LANES // SPARSE_STRIDE + 2


async def test_whoever_ends_while_waiting_takes_nobody_along() -> None:
    heard: list[str] = []
    leaving, staying = (asyncio.create_task(beats(2, heard, name)) for name in ("leaving", "staying"))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait_for(staying, 5)

    assert heard == ["staying", "staying"]


async def test_whoever_has_a_reason_wakes_one_alone_before_the_tick() -> None:
    early, other = get_flush_scheduler().wait_tick(), get_flush_scheduler().wait_tick()
    release_tick(early)
    release_tick(early)
    assert early.done()
    assert not other.done()
    # The tick itself leaves those alone that went on before it.
    await asyncio.wait_for(other, 5)


async def test_a_loop_that_waits_for_its_processor_beats_more_slowly_for_many_turns() -> None:
    ticker = get_flush_scheduler()
    leaving = asyncio.Event()

    async def turn() -> None:
        ticker.join()
        await leaving.wait()

    turns = [asyncio.create_task(turn()) for _ in range(MANY_TASKS + 1)]
    # Others have the processor: little is worked here, and yet all comes too late.
    await come_late(12)
    begun = time.monotonic()
    for _ in range(8):
        await ticker.wait_tick()
    leaving.set()
    await asyncio.gather(*turns)
    assert time.monotonic() - begun > 1.4 * 8 * MIN_PERIOD_SECONDS


async def test_a_loop_with_time_to_spare_makes_nobody_wait() -> None:
    ticker = get_flush_scheduler()
    # In a moment in which others take the processor the loop is late, and rightly makes one wait.
    for _ in range(50):
        await ticker.wait_tick()
        with suppress(TimeoutError):
            await asyncio.wait_for(ticker.yield_when_busy(60), 0.005)
            return
    raise AssertionError("it made everybody wait")


async def test_a_loop_that_is_late_lets_what_can_wait_give_way_but_not_for_ever() -> None:
    ticker = get_flush_scheduler()
    await come_late(8)
    begun = time.monotonic()
    giving_way = [asyncio.create_task(ticker.yield_when_busy(0.05)) for _ in range(20)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in giving_way)
    await asyncio.wait_for(asyncio.gather(*giving_way), 5)
    assert time.monotonic() - begun >= 0.02
