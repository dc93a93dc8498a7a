"""Who waits is served fairly and knows its place."""

import asyncio

from aggregator.pipeline.panel.fair_semaphore import FairSemaphore


class Guest:
    """Someone who enters, notes it and stays until told to leave."""

    def __init__(self, gate: FairSemaphore, name: str, served: list[str]) -> None:
        self.places: list[int] = []
        self.leave = asyncio.Event()
        self.task = asyncio.create_task(self._visit(gate, name, served))

    async def _visit(self, gate: FairSemaphore, name: str, served: list[str]) -> None:
        async with gate.acquire(self._hear, name):
            served.append(name)
            await self.leave.wait()

    async def _hear(self, position: int) -> None:
        self.places.append(position)


async def test_nobody_waits_while_there_is_room() -> None:
    served: list[str] = []
    gate = FairSemaphore(2)
    guests = [Guest(gate, name, served) for name in ("ada", "grace")]
    await asyncio.sleep(0.01)
    assert served == ["ada", "grace"]
    assert [guest.places for guest in guests] == [[], []]
    await dismiss(*guests)


async def test_one_person_cannot_hold_up_the_others() -> None:
    served: list[str] = []
    gate = FairSemaphore(2)
    adas = [Guest(gate, "ada", served) for _ in range(3)]
    await asyncio.sleep(0.01)
    grace = Guest(gate, "grace", served)
    await asyncio.sleep(0.01)
    assert adas[2].places[0] == 1
    adas[0].leave.set()
    await asyncio.sleep(0.01)
    assert served == ["ada", "ada", "grace"]
    await dismiss(*adas, grace)


async def test_a_limit_for_each_leaves_places_free_for_others() -> None:
    served: list[str] = []
    gate = FairSemaphore(3, each=1)
    adas = [Guest(gate, "ada", served) for _ in range(2)]
    grace = Guest(gate, "grace", served)
    await asyncio.sleep(0.01)
    assert served == ["ada", "grace"]
    assert gate.waiting == 1
    await dismiss(*adas, grace)


async def test_who_gives_up_leaves_no_hole() -> None:
    served: list[str] = []
    gate = FairSemaphore(1)
    ada, grace, mallory = (Guest(gate, name, served) for name in ("ada", "grace", "mallory"))
    await asyncio.sleep(0.01)
    grace.task.cancel()
    await asyncio.sleep(0.01)
    ada.leave.set()
    await asyncio.sleep(0.01)
    assert served == ["ada", "mallory"]
    assert (gate.inside, gate.waiting) == (1, 0)
    await dismiss(ada, mallory)


async def dismiss(*guests: Guest) -> None:
    """Let everybody leave."""
    for guest in guests:
        guest.leave.set()
    await asyncio.gather(*(guest.task for guest in guests))
