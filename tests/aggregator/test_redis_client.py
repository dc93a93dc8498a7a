"""Waiting for Valkey can be cancelled at any moment, and an unresponsive server times out."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest
from django.conf import settings
from redis.exceptions import RedisError

from aggregator.execution.processes.lease import hold_lease
from aggregator.infra import redis_client
from aggregator.streaming.turn_log import TurnLog

# More rounds of the loop than connecting, sending and reading a reply take.
MOMENTS = 60
# Far below the two seconds after which a reader that missed its end would look again.
TIMEOUT_SECONDS = 1


@pytest.fixture
def silent_server() -> Iterator[str]:
    """A server that accepts connections and sends nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


async def ends_when_cancelled(task: "asyncio.Task[None]", moment: int) -> bool:
    """Cancel a task after so many iterations of the loop and return whether it ended."""
    for _ in range(moment):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task}, timeout=TIMEOUT_SECONDS)
    has_ended = task.done()
    if not has_ended:
        task.cancel()
        await asyncio.wait({task})
    return has_ended


async def test_a_reader_can_be_cancelled_at_any_moment() -> None:
    survived = []
    for moment in range(MOMENTS):
        log = TurnLog(settings.REDIS_URL, keep_seconds=60)
        if not await ends_when_cancelled(asyncio.create_task(log.feed.run()), moment):
            survived.append(moment)
        await log.client.aclose()
    assert survived == []


async def test_a_lease_can_be_released_at_any_moment() -> None:
    client = redis_client.open_client(settings.REDIS_URL)

    async def hold(moment: int) -> None:
        async with hold_lease(client, f"turn {moment}", 1):
            await asyncio.sleep(0.34)
            for _ in range(moment):
                await asyncio.sleep(0)

    # A lease of a second is renewed after a third of one: each of these ends at its own moment of that.
    async with asyncio.timeout(TIMEOUT_SECONDS * 3):
        await asyncio.gather(*(hold(moment) for moment in range(MOMENTS)))
    await client.aclose()


async def test_an_unresponsive_server_times_out(silent_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_client, "SOCKET_TIMEOUT_SECONDS", 0.1)
    client = redis_client.open_client(silent_server)
    with pytest.raises(RedisError):
        async with asyncio.timeout(TIMEOUT_SECONDS * 5):
            await client.get("key")
    with suppress(RedisError):
        await client.aclose()
