"""Who works on a turn: a lease in Valkey that its holder renews and that lapses when its process dies."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator

import redis.asyncio as redis
from redis.exceptions import RedisError

RENEW = (
    "if redis.call('get', KEYS[1]) == ARGV[1] "
    "then return redis.call('pexpire', KEYS[1], ARGV[2]) else return 0 end"
)
RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end"


def lease_key(turn: str) -> str:
    """Return the name of a turn's lease."""
    return f"turns:lease:{turn}"


@contextlib.asynccontextmanager
async def hold_lease(client: "redis.Redis", turn: str, seconds: int) -> AsyncIterator[bool]:
    """Hold a turn's lease while inside; yields False when another process holds it."""
    owner = secrets.token_hex(8)
    if not await client.set(lease_key(turn), owner, nx=True, px=seconds * 1000):
        yield False
        return
    renewing = asyncio.create_task(_renew(client, turn, owner, seconds))
    try:
        yield True
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)
        with contextlib.suppress(RedisError):
            await client.eval(RELEASE, 1, lease_key(turn), owner)


async def _renew(client: "redis.Redis", turn: str, owner: str, seconds: int) -> None:
    while True:
        await asyncio.sleep(seconds / 3)
        # A lost lease needs no action here: the log refuses the next write of whoever is second.
        with contextlib.suppress(RedisError):
            await client.eval(RENEW, 1, lease_key(turn), owner, seconds * 1000)
