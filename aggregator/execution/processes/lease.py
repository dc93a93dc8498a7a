"""A turn's lease in Valkey: held and renewed by the process that answers the turn, it lapses with it."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import redis.asyncio as redis
from redis.exceptions import RedisError

# A lease that was lost together with Valkey's data is taken again by its holder.
RENEW = (
    "local holder = redis.call('get', KEYS[1]) "
    "if holder == false or holder == ARGV[1] "
    "then redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2]) return 1 else return 0 end"
)
# Returns whether another process requested a takeover meanwhile.
RELEASE = (
    "if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end "
    "return redis.call('del', KEYS[2])"
)
TAKEOVER_REQUEST_SECONDS = 600


@cache
def _machine_id() -> str:
    """Return an id of this machine or container, within which process ids are unique."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}:{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return secrets.token_hex(8)


def is_holder_dead(holder: bytes | str) -> bool:
    """Return whether a lease's holder was a process of this machine that has ended."""
    name = holder.decode() if isinstance(holder, bytes) else holder
    machine, _, rest = name.partition("/")
    process = rest.partition("/")[0]
    return machine == _machine_id() and process.isdigit() and not Path(f"/proc/{process}").exists()


def lease_key(turn: str) -> str:
    """Return the key of a turn's lease."""
    return f"turns:lease:{turn}"


def _takeover_key(turn: str) -> str:
    return f"turns:knock:{turn}"


@dataclass(slots=True)
class Lease:
    """Whether the lease is held and, once it is released, whether another process requested a takeover."""

    is_held: bool
    takeover_requested: bool = False


@contextlib.asynccontextmanager
async def hold_lease(
    client: "redis.Redis", turn: str, seconds: int, *, is_new: bool = False
) -> AsyncIterator[Lease]:
    """Hold a turn's lease inside the context, or request a takeover from the process that holds it.

    The lease of a new turn, which no other process knows yet, is taken without waiting for the reply.
    """
    owner = f"{_machine_id()}/{os.getpid()}/{secrets.token_hex(8)}"
    if not is_new and not await _acquire_or_request(client, turn, owner, seconds):
        yield Lease(is_held=False)
        return
    lease = Lease(is_held=True)
    renewing = asyncio.create_task(_renew(client, turn, owner, seconds, at_once=is_new))
    try:
        yield lease
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)
        # If Valkey does not say, the turn is checked.
        lease.takeover_requested = True
        with contextlib.suppress(RedisError):
            lease.takeover_requested = bool(
                await client.eval(RELEASE, 2, lease_key(turn), _takeover_key(turn), owner)
            )


async def _acquire_or_request(client: "redis.Redis", turn: str, owner: str, seconds: int) -> bool:
    if await _acquire(client, turn, owner, seconds):
        return True
    await client.set(_takeover_key(turn), 1, ex=TAKEOVER_REQUEST_SECONDS)
    # The lease may have been released before the request was stored.
    return await _acquire(client, turn, owner, seconds)


async def _acquire(client: "redis.Redis", turn: str, owner: str, seconds: int) -> bool:
    key = lease_key(turn)
    if await client.set(key, owner, nx=True, px=seconds * 1000):
        return True
    holder = await client.get(key)
    if holder == owner.encode():
        # Taken by an earlier try whose reply was lost.
        return True
    if holder is None or not is_holder_dead(holder):
        return False
    # It need not lapse, because its holder cannot come back.
    await client.eval(RELEASE, 2, key, _takeover_key(turn), holder)
    return bool(await client.set(key, owner, nx=True, px=seconds * 1000))


async def _renew(client: "redis.Redis", turn: str, owner: str, seconds: int, *, at_once: bool) -> None:
    while True:
        if not at_once:
            await asyncio.sleep(seconds / 3)
        at_once = False
        # A lost lease needs no action: the turn log refuses the next write of the process that lost it.
        with contextlib.suppress(RedisError):
            await client.eval(RENEW, 1, lease_key(turn), owner, seconds * 1000)
