"""One process at a time answers a turn, and another one as soon as that has ended."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest
import redis.asyncio as redis
from django.conf import settings
from django.db import InterfaceError, OperationalError

from aggregator.execution.processes.lease import hold_lease, is_holder_dead, lease_key
from aggregator.infra.concurrency import retry_db
from aggregator.infra.redis_client import open_client

pytestmark = pytest.mark.usefixtures("valkey")

TURN = "turn-1"


@pytest.fixture
async def client() -> AsyncIterator["redis.Redis"]:
    """A connection of its own."""
    client = open_client(settings.REDIS_URL)
    yield client
    await client.aclose()


async def holder_of(client: "redis.Redis") -> str:
    """Return the holder of the turn's lease."""
    holder = await client.get(lease_key(TURN))
    return holder.decode() if isinstance(holder, bytes) else ""


def a_dead_process() -> int:
    """Return the id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


async def test_a_lease_is_refused_until_its_holder_releases_it(client: "redis.Redis") -> None:
    async with hold_lease(client, TURN, 5) as first:
        async with hold_lease(client, TURN, 5) as second:
            assert (first.is_held, second.is_held) == (True, False)
        assert await holder_of(client)
    assert await holder_of(client) == ""
    assert first.takeover_requested


async def test_a_lease_that_nobody_requested_needs_no_recheck(client: "redis.Redis") -> None:
    for _ in range(2):
        async with hold_lease(client, TURN, 5) as lease:
            assert lease.is_held
        assert not lease.takeover_requested


async def test_a_lease_is_released_after_an_exception(client: "redis.Redis") -> None:
    with pytest.raises(ValueError, match="broken"):
        async with hold_lease(client, TURN, 5):
            raise ValueError("broken")
    assert await holder_of(client) == ""


async def test_a_lease_is_renewed_for_as_long_as_it_is_held(client: "redis.Redis") -> None:
    async with hold_lease(client, TURN, 3):
        await asyncio.sleep(3.3)
        async with hold_lease(client, TURN, 3) as other:
            assert not other.is_held


async def test_a_lease_that_was_lost_with_valkey_s_data_is_taken_again(client: "redis.Redis") -> None:
    async with hold_lease(client, TURN, 2):
        mine = await holder_of(client)
        await client.delete(lease_key(TURN))
        for _ in range(400):
            if await holder_of(client):
                break
            await asyncio.sleep(0.05)
        assert await holder_of(client) == mine


async def test_a_lease_that_another_process_holds_is_neither_renewed_nor_deleted(
    client: "redis.Redis",
) -> None:
    async with hold_lease(client, TURN, 1):
        await client.set(lease_key(TURN), "elsewhere/1/x")
        await asyncio.sleep(0.5)
    assert await holder_of(client) == "elsewhere/1/x"


async def test_the_lease_of_a_dead_process_of_this_machine_is_taken_at_once(client: "redis.Redis") -> None:
    async with hold_lease(client, TURN, 5):
        machine = (await holder_of(client)).partition("/")[0]
    await client.set(lease_key(TURN), f"{machine}/{a_dead_process()}/x", px=60_000)
    async with hold_lease(client, TURN, 5) as lease:
        assert lease.is_held


def test_a_process_of_another_machine_never_counts_as_dead() -> None:
    assert not is_holder_dead(f"elsewhere/{a_dead_process()}/x")
    assert not is_holder_dead(b"rubbish")


async def test_a_database_that_restarts_is_waited_for() -> None:
    tries: list[int] = []

    def read() -> str:
        tries.append(1)
        if len(tries) < 3:
            raise (OperationalError if len(tries) == 1 else InterfaceError)("gone")
        return "kept"

    assert await retry_db(5, read) == "kept"
    assert len(tries) == 3


async def test_a_database_that_stays_away_is_given_up() -> None:
    def read() -> str:
        raise OperationalError("gone")

    with pytest.raises(OperationalError):
        await retry_db(0.2, read)


async def test_a_wait_for_the_database_can_be_cancelled() -> None:
    def read() -> str:
        raise OperationalError("gone")

    waiting = asyncio.create_task(retry_db(60, read))
    await asyncio.sleep(0.15)
    waiting.cancel()
    await asyncio.wait({waiting}, timeout=1)
    assert waiting.cancelled()


async def test_the_lease_of_a_new_turn_excludes_others_and_is_released(client: "redis.Redis") -> None:
    async with hold_lease(client, TURN, 5, is_new=True):
        # It was sent without waiting for the reply.
        await asyncio.sleep(0.05)
        async with hold_lease(client, TURN, 5) as second:
            assert not second.is_held
    assert await holder_of(client) == ""
    async with hold_lease(client, TURN, 5, is_new=True):
        pass
    assert await holder_of(client) == ""
