"""Streams of one turn are woken together, and whoever is told to end while waiting takes nobody along."""

import asyncio

from aggregator.ticker import LANES, shared_ticker


async def beats(count: int, heard: list[str], name: str) -> None:
    """Note each of some ticks."""
    for _ in range(count):
        await shared_ticker().wait()
        heard.append(name)


async def test_those_that_a_task_begins_beat_together() -> None:
    heard: list[str] = []

    async def turn() -> None:
        shared_ticker().join()
        await asyncio.gather(*(beats(3, heard, name) for name in "abcd"))

    await turn()

    assert [sorted(heard[place : place + 4]) for place in (0, 4, 8)] == [["a", "b", "c", "d"]] * 3


async def test_turns_take_turns() -> None:
    heard: list[str] = []

    async def turn(name: str) -> None:
        shared_ticker().join()
        await beats(2, heard, name)

    names = [str(number) for number in range(LANES)]
    await asyncio.gather(*(turn(name) for name in names))

    assert sorted(heard[:LANES]) == sorted(heard[LANES:]) == names


async def test_whoever_ends_while_waiting_takes_nobody_along() -> None:
    heard: list[str] = []
    leaving, staying = (asyncio.create_task(beats(2, heard, name)) for name in ("leaving", "staying"))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait_for(staying, 5)

    assert heard == ["staying", "staying"]
