"""Reads turn logs for the pages of this process, with one blocking read for all followed turns."""

import asyncio
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import orjson
import redis.asyncio as redis
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

READ_BLOCK_MS = 2_000
RETRY_SECONDS = 0.2
WAKE_KEY_TTL_SECONDS = 3_600
# A read names every followed turn, so the next one waits the longer the more there are.
READ_PAUSE_PER_TURN_SECONDS = 60e-6
WAKEUPS, WAKEUPS_MAXLEN = "turns:nudges", 1_000
# A page follows a turn that it opened within so many entries.
MAX_EARLY_ENTRIES = 8
# No turn has so many events; above it JavaScript cannot count exactly, nor may a stream's id go much higher.
MAX_SEQ = 2**53

StreamRow = tuple[bytes, dict[bytes, bytes]]
Streams = dict[bytes | str | memoryview, int | bytes | str | memoryview]


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Consecutive events of one turn as stored JSON; `seq` is the number of the last one.

    A snapshot holds the turn from its start and replaces all entries before it.
    """

    seq: int
    body: bytes
    is_snapshot: bool = False
    emitted_at: float = 0.0

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events, decoded."""
        documents: list[dict[str, Any]] = orjson.loads(self.body)
        return documents


Listener = Callable[[LogEntry], None]
WakeupListener = Callable[[str], None]


@dataclass(slots=True)
class Subscription:
    """One reader of one turn; entries that arrive before it has caught up are buffered."""

    turn: str
    seq: int
    listener: Listener
    buffered: list[LogEntry] | None = field(default_factory=list)


def stream_key(turn: str) -> str:
    """Return the key of a turn's stream."""
    return f"turns:log:{turn}"


def stream_id(seq: int) -> str:
    """Return the stream id of an event's number, cut to what Valkey accepts."""
    return f"0-{min(seq, MAX_SEQ)}"


def parse_entry(row: StreamRow) -> LogEntry:
    """Return the entry of a stream's row."""
    row_id, fields = row
    return LogEntry(int(row_id.split(b"-")[1]), fields[b"e"], b"w" in fields, float(fields.get(b"t", 0)))


async def read_log(client: "redis.Redis", turn: str, after_seq: int = 0) -> list[LogEntry]:
    """Return the entries of a turn's log after an event's number."""
    since = f"({stream_id(after_seq)}" if after_seq else "-"
    return [
        parse_entry(row) for row in cast("list[StreamRow]", await client.xrange(stream_key(turn), min=since))
    ]


class TurnFeed:
    """The subscriptions of one process; belongs to one event loop."""

    def __init__(self, client: "redis.Redis", listener: "redis.Redis") -> None:
        self._client = client
        # A connection of its own, because its reads block.
        self._listener = listener
        self._wake_key = f"turns:wake:{os.getpid()}:{id(self)}"
        self._subscriptions: dict[str, list[Subscription]] = {}
        self._cursors: dict[str, int] = {}
        self._wakeup_listeners: list[WakeupListener] = []
        # The first entries of turns begun here; None once a reader has to read the log for them.
        self._local_entries: dict[str, list[LogEntry] | None] = {}

    async def subscribe(self, turn: str, after_seq: int, listener: Listener) -> Subscription:
        """Call `listener` with every entry after `after_seq`, in order, none twice, until unsubscribed."""
        subscription = self.register(turn, after_seq, listener)
        await self.catch_up(subscription)
        return subscription

    def register(self, turn: str, after_seq: int, listener: Listener) -> Subscription:
        """Add a reader; it gets nothing before it has caught up."""
        subscription = Subscription(turn, after_seq, listener)
        self._subscriptions.setdefault(turn, []).append(subscription)
        return subscription

    async def catch_up(self, subscription: Subscription) -> None:
        """Deliver what the log holds, and from then on each new entry; waits for Valkey."""
        turn = subscription.turn
        while subscription in self._subscriptions.get(turn, ()):
            try:
                if turn not in self._cursors:
                    self._cursors[turn] = subscription.seq
                if turn not in self._local_entries:
                    await self._client.xadd(self._wake_key, {"w": "1"}, maxlen=1)
                    await self._client.expire(self._wake_key, WAKE_KEY_TTL_SECONDS)
                entries = await read_log(self._client, turn, subscription.seq)
            except RedisError:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            early, subscription.buffered = subscription.buffered or [], None
            for entry in (*entries, *early):
                self._deliver(subscription, entry)
            return

    def replay_local(self, subscription: Subscription) -> bool:
        """Deliver the first entries of a turn begun here; returns False if the log must be read."""
        early = self._local_entries.get(subscription.turn)
        if early is None or subscription.seq:
            return False
        self._cursors.setdefault(subscription.turn, 0)
        subscription.buffered = None
        for entry in early:
            self._deliver(subscription, entry)
        return True

    def register_local(self, turn: str, *, is_new: bool = False) -> None:
        """Deliver a turn that this process writes by `deliver_local`, without reading its log."""
        self._local_entries.setdefault(turn, [] if is_new else None)

    def unregister_local(self, turn: str) -> None:
        """Read a turn's log again, because another process may write it from now on."""
        self._local_entries.pop(turn, None)

    def deliver_local(self, turn: str, entry: LogEntry) -> None:
        """Deliver an entry that this process has written."""
        if turn not in self._local_entries:
            return
        early = self._local_entries[turn]
        if early is not None:
            early.append(entry)
            if len(early) > MAX_EARLY_ENTRIES:
                self._local_entries[turn] = None
        self._publish_entry(turn, entry)

    def unsubscribe(self, subscription: Subscription) -> None:
        """Stop calling a listener."""
        readers = self._subscriptions.get(subscription.turn, [])
        if subscription in readers:
            readers.remove(subscription)
        if not readers:
            self._subscriptions.pop(subscription.turn, None)
            self._cursors.pop(subscription.turn, None)

    async def wakeup(self, turn: str) -> None:
        """Notify every process that a command to a turn was stored."""
        await self._client.xadd(WAKEUPS, {"turn": turn}, maxlen=WAKEUPS_MAXLEN, approximate=True)

    def on_wakeup(self, listener: WakeupListener) -> None:
        """Call `listener` with the id of every turn that `wakeup` is called for."""
        if listener not in self._wakeup_listeners:
            self._wakeup_listeners.append(listener)

    async def run(self) -> None:
        """Read until cancelled; waits for Valkey."""
        last_ids = {WAKEUPS: await self._newest(WAKEUPS), self._wake_key: b"0-0"}
        while True:
            turns = {
                # An id that Valkey refuses would fail the read for all turns.
                stream_key(turn): stream_id(seq).encode()
                for turn, seq in self._cursors.items()
                if turn not in self._local_entries
            }
            streams = cast("Streams", last_ids | turns)
            try:
                replies = await self._listener.xread(streams, block=READ_BLOCK_MS, count=500)
            except RedisError as error:
                logger.warning("turn log: not read, trying again (%s)", error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            for name, rows in cast("list[tuple[bytes, list[StreamRow]]]", replies or []):
                key = name.decode()
                if key in last_ids:
                    last_ids[key] = rows[-1][0]
                self._publish_rows(key, rows)
            await asyncio.sleep(READ_PAUSE_PER_TURN_SECONDS * len(turns))

    async def newest_seq(self, turn: str) -> int:
        """Return the number of the last event in a turn's log, or 0 if it has none."""
        rows = cast("list[StreamRow]", await self._client.xrevrange(stream_key(turn), count=1))
        return parse_entry(rows[0]).seq if rows else 0

    async def _newest(self, key: str) -> bytes:
        while True:
            try:
                newest = cast("list[StreamRow]", await self._client.xrevrange(key, count=1))
            except RedisError:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            return newest[0][0] if newest else b"0-0"

    def _publish_rows(self, key: str, rows: list[StreamRow]) -> None:
        if key == WAKEUPS:
            for _, fields in rows:
                for listener in self._wakeup_listeners:
                    listener(fields[b"turn"].decode())
        elif key != self._wake_key:
            turn = key.removeprefix(stream_key(""))
            for row in rows:
                self._publish_entry(turn, parse_entry(row))

    def _publish_entry(self, turn: str, entry: LogEntry) -> None:
        if turn in self._cursors:
            self._cursors[turn] = max(entry.seq, self._cursors[turn])
        for subscription in list(self._subscriptions.get(turn, ())):
            if subscription.buffered is None:
                self._deliver(subscription, entry)
            else:
                subscription.buffered.append(entry)

    def _deliver(self, subscription: Subscription, entry: LogEntry) -> None:
        if entry.seq <= subscription.seq:
            return
        subscription.seq = entry.seq
        try:
            subscription.listener(entry)
        except Exception:  # noqa: BLE001 - one closed socket must not stop the delivery to every other reader
            logger.info("turn log: a reader of %s went away", subscription.turn)
            self.unsubscribe(subscription)
