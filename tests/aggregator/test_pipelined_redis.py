"""Concurrent commands share a connection, and each gets its own reply, whatever happens to others."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from django.conf import settings
from redis.exceptions import ConnectionError as ValkeyConnectionError
from redis.exceptions import ResponseError

from aggregator.infra.redis_client import PipelinedClient, open_client

pytestmark = pytest.mark.usefixtures("valkey")


@pytest.fixture
async def client() -> AsyncIterator[PipelinedClient]:
    """A client for one test."""
    client = open_client(settings.REDIS_URL)
    yield client
    await client.aclose()


async def test_concurrent_commands_share_a_connection_and_get_their_own_replies(
    client: PipelinedClient,
) -> None:
    await asyncio.gather(*(client.set(f"key {number}", number) for number in range(200)))
    found = await client.send_all([("GET", f"key {number}") for number in range(200)])

    assert [int(value) for value in found] == list(range(200))
    numbers = await asyncio.gather(*(client.client_id() for _ in range(50)))
    assert len(set(numbers)) == 1


async def test_a_failed_command_affects_no_other(client: PipelinedClient) -> None:
    await client.set("word", "text")
    word, refused, left = await client.send_all([("GET", "word"), ("INCR", "word"), ("TTL", "word")])

    assert (word, left) == (b"text", -1)
    assert isinstance(refused, ResponseError)
    with pytest.raises(ResponseError):
        await client.incr("word")


async def test_a_cancelled_command_takes_no_reply_of_another(client: PipelinedClient) -> None:
    await client.set("mine", "1")
    waiting = [asyncio.ensure_future(client.get("other")) for _ in range(20)]
    mine = asyncio.ensure_future(client.get("mine"))
    await asyncio.sleep(0)
    for each in waiting[::2]:
        each.cancel()

    assert await mine == b"1"
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_broken_connection_is_replaced(client: PipelinedClient) -> None:
    await client.set("kept", "1")
    number = await client.client_id()
    other = open_client(settings.REDIS_URL)
    await other.client_kill_filter(_id=str(number))
    await other.aclose()

    assert await client.get("kept") == b"1"
    assert await client.client_id() != number


async def test_pending_commands_fail_when_the_client_is_closed(client: PipelinedClient) -> None:
    waiting = asyncio.ensure_future(client.send_all([("GET", "word")]))
    await asyncio.sleep(0)
    await client.aclose()

    with pytest.raises(ValkeyConnectionError):
        await waiting
