"""The streams of a turn tick together, and a cancelled waiter affects no other."""

import asyncio
import time
from contextlib import suppress
from typing import Any

import pytest

from aggregator.infra.flush_scheduler import (
    CROWDED_PERIOD_SECONDS,
    FEW_TASKS,
    LANES,
    MANY_TASKS,
    MIN_PERIOD_SECONDS,
    SPARSE_STRIDE,
    find_tick,
    get_flush_scheduler,
    release_tick,
)


async def record_ticks(count: int, ticks: list[str], name: str) -> None:
    """Append a name at each of `count` ticks."""
    for _ in range(count):
        await get_flush_scheduler().wait_tick()
        ticks.append(name)


async def delay_ticks(times: int) -> None:
    """Block the loop so that some ticks are late."""
    for _ in range(times):
        waiting = get_flush_scheduler().wait_tick()
        await asyncio.sleep(0)
        time.sleep(0.06)  # noqa: ASYNC251
        await waiting


async def test_the_tasks_of_a_turn_tick_together() -> None:
    ticks: list[str] = []

    async def turn() -> None:
        get_flush_scheduler().join()
        await asyncio.gather(*(record_ticks(3, ticks, name) for name in "abcd"))

    await turn()

    assert [sorted(ticks[place : place + 4]) for place in (0, 4, 8)] == [["a", "b", "c", "d"]] * 3


@pytest.mark.parametrize("period", [MIN_PERIOD_SECONDS, 0.0413, 0.4])
@pytest.mark.parametrize("early", [0.0005, 0.0, -0.002])
def test_a_tick_whose_timer_ended_early_is_not_armed_again(period: float, early: float) -> None:
    ahead = period / LANES
    tick = find_tick(1_000.0, period, ahead)
    assert find_tick(tick - early, period, ahead) == pytest.approx(tick + period)


async def test_turns_tick_in_different_lanes() -> None:
    ticks: list[str] = []

    async def turn(name: str) -> None:
        get_flush_scheduler().join()
        await record_ticks(2, ticks, name)

    names = [str(number) for number in range(LANES // SPARSE_STRIDE)]
    await asyncio.gather(*(turn(name) for name in names))

    assert sorted(ticks[: len(names)]) == sorted(ticks[len(names) :]) == names


async def list_armed_ticks(turns: int, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the times for which the next ticks of so many turns are armed."""
    loop, armed = asyncio.get_running_loop(), list[float]()
    call_at = loop.call_at

    def record(when: float, *arguments: Any) -> asyncio.TimerHandle:
        armed.append(when)
        return call_at(when, *arguments)

    async def turn() -> None:
        get_flush_scheduler().join()
        # Turns that begin together do not all know yet how many there are.
        await asyncio.sleep(0)
        await get_flush_scheduler().wait_tick()

    monkeypatch.setattr(loop, "call_at", record)
    await asyncio.gather(*(turn() for _ in range(turns)))
    monkeypatch.undo()
    return armed


async def test_many_turns_are_woken_in_more_and_smaller_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(set(await list_armed_ticks(12, monkeypatch))) == LANES // SPARSE_STRIDE
    assert len(set(await list_armed_ticks(3 * MANY_TASKS, monkeypatch))) == LANES


async def test_more_than_a_few_turns_are_read_less_often() -> None:
    periods: list[float] = []

    async def turn() -> None:
        get_flush_scheduler().join()
        await get_flush_scheduler().wait_tick()
        periods.append(get_flush_scheduler().period)

    await asyncio.gather(*(turn() for _ in range(FEW_TASKS + 1)))
    assert max(periods) >= CROWDED_PERIOD_SECONDS


async def test_a_cancelled_waiter_affects_no_other() -> None:
    ticks: list[str] = []
    leaving, staying = (asyncio.create_task(record_ticks(2, ticks, name)) for name in ("leaving", "staying"))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait_for(staying, 5)

    assert ticks == ["staying", "staying"]


async def test_a_tick_can_be_released_early() -> None:
    early, other = get_flush_scheduler().wait_tick(), get_flush_scheduler().wait_tick()
    release_tick(early)
    release_tick(early)
    assert early.done()
    assert not other.done()
    # The tick itself leaves those alone that went on before it.
    await asyncio.wait_for(other, 5)


async def test_a_loop_short_of_processor_time_ticks_more_slowly_with_many_turns() -> None:
    scheduler = get_flush_scheduler()
    leaving = asyncio.Event()

    async def turn() -> None:
        scheduler.join()
        await leaving.wait()

    turns = [asyncio.create_task(turn()) for _ in range(MANY_TASKS + 1)]
    # Other processes use the processor: this one works little, and its ticks are late.
    await delay_ticks(12)
    begun = time.monotonic()
    for _ in range(8):
        await scheduler.wait_tick()
    leaving.set()
    await asyncio.gather(*turns)
    assert time.monotonic() - begun > 1.4 * 8 * MIN_PERIOD_SECONDS


async def test_an_idle_loop_defers_no_work() -> None:
    scheduler = get_flush_scheduler()
    # In a moment in which others take the processor the loop is late, and rightly makes one wait.
    for _ in range(50):
        await scheduler.wait_tick()
        with suppress(TimeoutError):
            await asyncio.wait_for(scheduler.yield_when_busy(60), 0.005)
            return
    raise AssertionError("it made everybody wait")


async def test_a_late_loop_defers_work_for_a_limited_time() -> None:
    scheduler = get_flush_scheduler()
    await delay_ticks(8)
    begun = time.monotonic()
    giving_way = [asyncio.create_task(scheduler.yield_when_busy(0.05)) for _ in range(20)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in giving_way)
    await asyncio.wait_for(asyncio.gather(*giving_way), 5)
    assert time.monotonic() - begun >= 0.02
