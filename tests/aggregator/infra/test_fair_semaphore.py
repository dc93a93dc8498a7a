"""Waiters are admitted fairly and know their position."""

import asyncio

from aggregator.infra.fair_semaphore import FairSemaphore


class Holder:
    """A task that acquires the semaphore, records that it was admitted, and holds it until released."""

    def __init__(self, semaphore: FairSemaphore, owner: str, admitted: list[str]) -> None:
        self.positions: list[int] = []
        self.release = asyncio.Event()
        self.task = asyncio.create_task(self._hold(semaphore, owner, admitted))

    async def _hold(self, semaphore: FairSemaphore, owner: str, admitted: list[str]) -> None:
        async with semaphore.acquire(self._record_position, owner):
            admitted.append(owner)
            await self.release.wait()

    async def _record_position(self, position: int) -> None:
        self.positions.append(position)


async def test_nobody_waits_below_the_limit() -> None:
    admitted: list[str] = []
    semaphore = FairSemaphore(2)
    holders = [Holder(semaphore, owner, admitted) for owner in ("ada", "grace")]
    await asyncio.sleep(0.01)
    assert admitted == ["ada", "grace"]
    assert [holder.positions for holder in holders] == [[], []]
    await release_all(*holders)


async def test_one_owner_does_not_delay_the_others() -> None:
    admitted: list[str] = []
    semaphore = FairSemaphore(2)
    adas = [Holder(semaphore, "ada", admitted) for _ in range(3)]
    await asyncio.sleep(0.01)
    grace = Holder(semaphore, "grace", admitted)
    await asyncio.sleep(0.01)
    assert adas[2].positions[0] == 1
    adas[0].release.set()
    await asyncio.sleep(0.01)
    assert admitted == ["ada", "ada", "grace"]
    await release_all(*adas, grace)


async def test_a_limit_for_each_owner_leaves_room_for_others() -> None:
    admitted: list[str] = []
    semaphore = FairSemaphore(3, limit_each=1)
    adas = [Holder(semaphore, "ada", admitted) for _ in range(2)]
    grace = Holder(semaphore, "grace", admitted)
    await asyncio.sleep(0.01)
    assert admitted == ["ada", "grace"]
    assert semaphore.queued == 1
    await release_all(*adas, grace)


async def test_a_cancelled_waiter_leaves_the_queue() -> None:
    admitted: list[str] = []
    semaphore = FairSemaphore(1)
    ada, grace, mallory = (Holder(semaphore, owner, admitted) for owner in ("ada", "grace", "mallory"))
    await asyncio.sleep(0.01)
    grace.task.cancel()
    await asyncio.sleep(0.01)
    ada.release.set()
    await asyncio.sleep(0.01)
    assert admitted == ["ada", "mallory"]
    assert (semaphore.held, semaphore.queued) == (1, 0)
    await release_all(ada, mallory)


async def release_all(*holders: Holder) -> None:
    """Release the semaphore and wait for the tasks."""
    for holder in holders:
        holder.release.set()
    await asyncio.gather(*(holder.task for holder in holders))
