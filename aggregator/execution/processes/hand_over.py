"""Hands turns to worker processes through a Valkey stream that their event loops read.

A turn takes this way while a worker has announced itself within READER_SECONDS, else it goes through Celery.
Each entry is delivered to one worker, once. A turn whose worker dies with it, or that none takes, has no
lease: the search for abandoned turns finds it.
"""

import asyncio
import contextlib
import datetime as dt
import logging
import os
import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
import redis.asyncio as redis
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from redis.exceptions import RedisError, ResponseError

from aggregator.infra.redis_client import open_blocking_client
from aggregator.models import Turn
from aggregator.storage.turn_row import decode_turn, encode_turn
from aggregator.streaming.turn_feed import StreamRow

logger = logging.getLogger(__name__)

STREAM, READERS, GROUP, MEMBER = "turns:new", "turns:new:readers", "workers", "worker"
OFFER = (
    "if redis.call('zcount', KEYS[2], redis.call('time')[1], '+inf') == 0 then return 0 end "
    "redis.call('xadd', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'e', ARGV[1]) return 1"
)
ANNOUNCE = (
    "local now = redis.call('time')[1] redis.call('zremrangebyscore', KEYS[1], '-inf', now) "
    "return redis.call('zadd', KEYS[1], now + ARGV[2], ARGV[1])"
)
MAX_WAITING = 20_000
READER_SECONDS, ANNOUNCE_SECONDS, BLOCK_MS, RETRY_SECONDS = 10, 2.0, 1_000, 0.2
MAX_PER_READ = 100
# No other process can have begun a turn before the search for abandoned turns counts it.
NEW_SHARE_OF_LEASE = 0.5


@dataclass(frozen=True, slots=True)
class ReceivedTurn:
    """A turn to answer; `new` is its row if no process can have begun it."""

    turn_id: uuid.UUID
    trace: str
    new: Turn | None = None


async def offer_turn(client: "redis.Redis", turn: Turn, *, is_new: bool, trace: str) -> bool:
    """Hand a turn to the next free worker that reads the stream; returns False if none does.

    Raises RedisError.
    """
    row = encode_turn(turn) if is_new else b""
    entry = orjson.dumps({"turn": str(turn.public_id), "trace": trace, "row": row.decode()})
    return bool(await client.eval(OFFER, 2, STREAM, READERS, entry, MAX_WAITING))


def parse_entry(entry: bytes) -> ReceivedTurn:
    """Return the turn of a stream's entry; its row only while it is certain to be unchanged."""
    document = orjson.loads(entry)
    turn_id, trace = uuid.UUID(document["turn"]), document["trace"]
    if document["row"]:
        with contextlib.suppress(ValueError, ValidationError, KeyError):
            turn = decode_turn(document["row"].encode())
            age = timezone.now() - turn.opened_at
            if age < dt.timedelta(seconds=settings.TURN_LEASE_SECONDS * NEW_SHARE_OF_LEASE):
                return ReceivedTurn(turn_id, trace, turn)
    return ReceivedTurn(turn_id, trace)


class TurnReader:
    """Reads the turns that are handed to this worker's event loop, until it is stopped."""

    def __init__(self, client: "redis.Redis", start: Callable[[ReceivedTurn], object]) -> None:
        self._client, self._start = client, start
        # A connection of its own, because its reads block.
        self._listener = open_blocking_client(settings.REDIS_URL)
        self._name = f"{os.getpid()}/{secrets.token_hex(8)}"
        self._announced_at = 0.0
        self._is_stopping = False
        self._task = asyncio.create_task(self._read_repeatedly())

    async def stop(self) -> None:
        """Let turns take other ways, begin those that are here already, and end."""
        self._is_stopping = True
        with contextlib.suppress(RedisError):
            await self._client.zrem(READERS, self._name)
        # Not cancelled at once: a turn that is on its way would have to be recovered.
        await asyncio.wait({self._task}, timeout=2 * BLOCK_MS / 1e3)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._listener.aclose()

    async def _read_repeatedly(self) -> None:
        while True:
            try:
                await self._announce()
                entries = await self._read()
            except RedisError as error:
                logger.warning("new turns: not read, trying again (%s)", error)
                entries = []
                await asyncio.sleep(RETRY_SECONDS)
            for _, fields in entries:
                self._take(fields[b"e"])
            await self._delete([entry_id for entry_id, _ in entries])
            if self._is_stopping and not entries:
                return

    async def _announce(self) -> None:
        if not self._is_stopping and time.monotonic() - self._announced_at > ANNOUNCE_SECONDS:
            await self._client.eval(ANNOUNCE, 1, READERS, self._name, READER_SECONDS)
            self._announced_at = time.monotonic()

    async def _read(self) -> list[StreamRow]:
        try:
            replies: Any = await self._listener.xreadgroup(
                GROUP, MEMBER, {STREAM: ">"}, count=MAX_PER_READ, block=BLOCK_MS, noack=True
            )
        except ResponseError as error:
            if not str(error).startswith("NOGROUP"):
                raise
            # At the first start, or after Valkey lost its data.
            with contextlib.suppress(ResponseError):
                await self._client.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
            return []
        return [row for _, rows in replies for row in rows]

    async def _delete(self, entry_ids: list[bytes]) -> None:
        # They hold prompts, so they are not kept longer than needed.
        if entry_ids:
            with contextlib.suppress(RedisError):
                await self._client.xdel(STREAM, *entry_ids)

    def _take(self, entry: bytes) -> None:
        try:
            self._start(parse_entry(entry))
        except Exception:
            # One that cannot be read must not keep the others; it is found by the search for abandoned turns.
            logger.exception("new turns: one was not begun")
