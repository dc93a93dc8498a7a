"""The queue of one model's permits in Valkey, which all processes share; the Lua script is its algorithm."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from pathlib import Path
from typing import Any

from redis.exceptions import NoScriptError

from aggregator.infra.redis_client import PipelinedClient
from aggregator.resilience.permits.person import Person

# A process that was killed gives its permits back after the lease.
LEASE_SECONDS = 15.0
# What is known of a model's load is good enough for so long to take a permit without asking.
FRESH_SECONDS = 5.0
KEY_PARTS = ("held", "waiting", "people", "calls", "tags", "clock", "of:")
GRANTED, QUEUED, FULL = 0, 1, -1


@cache
def read_script() -> tuple[str, str]:
    """Return the script and the name that Valkey knows it by."""
    text = Path(__file__).with_suffix(".lua").read_text(encoding="utf-8")
    return text, sha1(text.encode(), usedforsecurity=False).hexdigest()


@dataclass(slots=True)
class ModelLoad:
    """How many permits of a model are held and how many calls wait, as this process last heard, and when."""

    held: int = 0
    waiting: int = 0
    heard_at: float = float("-inf")


class PermitQueue:
    """The permits of one model: at most `capacity` calls at once, in all processes together."""

    def __init__(self, client: PipelinedClient, slug: str, capacity: int, now_ms: int = 0) -> None:
        self._client = client
        self._keys = [f"permits:{{{slug}}}:{part}" for part in KEY_PARTS]
        self.capacity = capacity
        # 0 is Valkey's own clock, which all processes share.
        self.now_ms = now_ms
        self.load = ModelLoad()

    @property
    def is_uncontended(self) -> bool:
        """Whether so many permits were free lately that one can be taken without asking first."""
        load = self.load
        is_fresh = time.monotonic() - load.heard_at < FRESH_SECONDS
        return is_fresh and not load.waiting and load.held < self.capacity // 2

    async def enter(self, call: str, person: Person, cost_seconds: float, wake_key: str, limit: int) -> int:
        """Take a permit (GRANTED), or else a place in the queue (QUEUED), unless it is FULL."""
        return int((await self._run("enter", *_describe(call, person, cost_seconds, wake_key), limit, 0))[0])

    def take(
        self, call: str, person: Person, cost_seconds: float, wake_key: str
    ) -> "asyncio.Future[list[int]]":
        """Take a permit without waiting for the reply, also one more than there are."""
        self.load.held += 1
        return self._send("enter", *_describe(call, person, cost_seconds, wake_key), 0, 1)

    def leave(self, call: str, seconds: float) -> "asyncio.Future[list[int]]":
        """Give back a permit that was held for some seconds, or the place in the queue; returns the reply."""
        self.load.held = max(0, self.load.held - 1)
        return self._send("leave", call, f"{seconds:.3f}")

    async def renew(self, calls: Sequence[str]) -> list[int]:
        """Renew the leases of calls; returns the place of each, 0 with a permit, -1 if it is not known."""
        return (await self._run("renew", *calls))[3:]

    async def _run(self, *arguments: Any) -> list[int]:
        try:
            return self._note_load(await self._send(*arguments))
        except NoScriptError:
            text, _ = read_script()
            return self._note_load(await self._client.send("EVAL", text, *self._parameters(arguments)))

    def _send(self, *arguments: Any) -> "asyncio.Future[list[int]]":
        _, name = read_script()
        return self._client.send("EVALSHA", name, *self._parameters(arguments))

    def _parameters(self, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        command, *rest = arguments
        lease_ms = round(LEASE_SECONDS * 1000)
        return (len(self._keys), *self._keys, command, self.now_ms, self.capacity, lease_ms, *rest)

    def note_reply(self, reply: "asyncio.Future[list[int]]") -> None:
        """Note what the reply to `take` or `leave` says of the load; the lease makes up for an error."""
        if not reply.cancelled() and reply.exception() is None:
            self._note_load(reply.result())

    def _note_load(self, reply: list[int]) -> list[int]:
        self.load = ModelLoad(reply[1], reply[2], time.monotonic())
        return reply


def _describe(call: str, person: Person, cost_seconds: float, wake_key: str) -> tuple[Any, ...]:
    return call, person.name, person.weight, f"{max(0.001, cost_seconds):.3f}", wake_key
