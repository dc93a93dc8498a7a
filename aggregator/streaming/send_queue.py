"""The frames still to be sent to one page; a page that lags gets a turn's snapshot instead."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

import orjson
from redis.exceptions import RedisError

from aggregator.domain.events import encode
from aggregator.domain.snapshot import build_snapshot_events
from aggregator.domain.turn_state import reduce_events
from aggregator.infra import metrics
from aggregator.infra.concurrency import retry_db
from aggregator.models import Turn
from aggregator.selectors.turns import get_turn_with_related, rebuild_events
from aggregator.streaming.turn_feed import RETRY_SECONDS, LogEntry, Subscription
from aggregator.streaming.turn_log import TurnLog, decode_entries

logger = logging.getLogger(__name__)

# A page with more than this queued of one turn is sent the turn's snapshot instead.
MAX_QUEUED_BYTES = 64_000
# How long a page's command waits for a database that restarts.
DATABASE_RETRY_SECONDS = 10


@dataclass(slots=True)
class FollowedTurn:
    """One turn that the page follows, with its entries that are not sent yet."""

    subscription: Subscription
    catching_up: "asyncio.Task[None] | None" = None
    waiting: list[LogEntry] = field(default_factory=list)
    size: int = 0
    is_behind: bool = False


class SendQueue:
    """The frames of one page; a page that reads slowly delays only itself."""

    def __init__(self, find_log: Callable[[str], TurnLog], send: Callable[[str], Awaitable[None]]) -> None:
        self._find_log = find_log
        self._send = send
        self._followed: dict[str, FollowedTurn] = {}
        self._wakeup = asyncio.Event()
        self._sending = asyncio.create_task(self._send_frames())

    def follow(self, turn: str, after_seq: int, *, most: int) -> None:
        """Send a turn's events after a number; beyond `most` turns the first is no longer followed."""
        self.leave(turn)
        while len(self._followed) >= most:
            self.leave(next(iter(self._followed)))

        def queue(entry: LogEntry) -> None:
            self._queue(turn, entry)

        feed = self._find_log(turn).feed
        subscription = feed.register(turn, after_seq, queue)
        followed = self._followed[turn] = FollowedTurn(subscription)
        if not feed.replay_local(subscription):
            followed.catching_up = asyncio.create_task(feed.catch_up(subscription))

    def follows(self, turn: str) -> bool:
        """Return whether the page follows a turn."""
        return turn in self._followed

    def leave(self, turn: str) -> None:
        """Stop following a turn."""
        followed = self._followed.pop(turn, None)
        if followed:
            if followed.catching_up:
                followed.catching_up.cancel()
            self._find_log(turn).feed.unsubscribe(followed.subscription)

    async def close(self) -> None:
        """Stop following every turn, and stop sending."""
        for turn in list(self._followed):
            self.leave(turn)
        self._sending.cancel()
        await asyncio.gather(self._sending, return_exceptions=True)

    def _queue(self, turn: str, entry: LogEntry) -> None:
        followed = self._followed.get(turn)
        if followed is None:
            return
        if entry.is_snapshot:
            followed.waiting.clear()
            followed.size, followed.is_behind = 0, False
        followed.waiting.append(entry)
        followed.size += len(entry.body)
        if followed.size > MAX_QUEUED_BYTES and len(followed.waiting) > 1:
            # The newest entry stays, because the snapshot has to reach at least up to it.
            followed.waiting[:] = followed.waiting[-1:]
            followed.size, followed.is_behind = len(entry.body), True
        self._wakeup.set()

    async def _send_frames(self) -> None:
        while True:
            await self._wakeup.wait()
            self._wakeup.clear()
            for turn, followed in list(self._followed.items()):
                if followed.is_behind:
                    await self._queue_snapshot(turn, followed)
                entries, followed.waiting, followed.size = followed.waiting, [], 0
                if entries:
                    metrics.FRAMES.inc()
                    await self._send(encode_frame(turn, entries))
                    if entries[0].emitted_at:
                        metrics.FRAME_LAG.observe(max(0.0, time.time() - entries[0].emitted_at))

    async def _queue_snapshot(self, turn: str, followed: FollowedTurn) -> None:
        followed.is_behind = False
        metrics.LAGGED_PAGES.inc()
        with contextlib.suppress(RedisError):
            entries = await self._find_log(turn).read(turn)
            if not entries:
                # The process that writes the turn soon writes a lost log anew, as a snapshot.
                followed.waiting.clear()
                return
            snapshot = build_snapshot_entry(entries)
            later = (entry for entry in followed.waiting if entry.seq > snapshot.seq)
            followed.waiting[:] = [snapshot, *later]
            return
        followed.is_behind = True
        await asyncio.sleep(RETRY_SECONDS)
        self._wakeup.set()


def build_snapshot_entry(entries: list[LogEntry]) -> LogEntry:
    """Return one entry with the state that a log's entries leave."""
    history = build_snapshot_events(reduce_events(decode_entries(entries)))
    return LogEntry(entries[-1].seq, orjson.dumps([encode(event) for event in history]), is_snapshot=True)


def encode_frame(turn: str, entries: list[LogEntry]) -> str:
    """Return the message that carries entries to a page, with their events as they are stored."""
    bodies = b",".join(entry.body[1:-1] for entry in entries)
    whole = b'"whole":true,' if entries[0].is_snapshot else b""
    head = b'{"type":"frame","turn":"%b","seq":%d,%b"events":[' % (turn.encode(), entries[-1].seq, whole)
    return (head + bodies + b"]}").decode()


async def read_stored_snapshot(log: TurnLog, turn: Turn) -> LogEntry | None:
    """Return an ended turn as one entry made from its rows, or None while its log still has its end."""
    with contextlib.suppress(RedisError):
        if await log.feed.newest_seq(str(turn.public_id)) >= turn.last_seq:
            return None
    stored = await retry_db(DATABASE_RETRY_SECONDS, partial(get_turn_with_related, turn))
    body = orjson.dumps([encode(event) for event in rebuild_events(stored)])
    return LogEntry(stored.last_seq, body, is_snapshot=True)
