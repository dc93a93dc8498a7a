"""Reads turn logs for the pages of this process: one blocking read for all of them together."""

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
WAKE_SECONDS = 3_600
# A read names every turn that is followed: the more there are, the longer the next one waits.
PAUSE_SECONDS_A_TURN = 60e-6
NUDGES, NUDGES_KEPT = "turns:nudges", 1_000
# A page follows a turn that it opened within these.
EARLY_ENTRIES = 8
# No turn tells so much; what is above is no place that a stream can have, nor a number that a page counts in.
SEQ_LIMIT = 2**53

Row = tuple[bytes, dict[bytes, bytes]]
Streams = dict[bytes | str | memoryview, int | bytes | str | memoryview]


@dataclass(frozen=True, slots=True)
class Entry:
    """Neighbouring events of one turn as they are stored; `seq` is the place of the last one.

    A whole entry tells the turn from its start, in place of all that came before it.
    """

    seq: int
    body: bytes
    is_whole: bool = False
    told_at: float = 0.0

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events, decoded."""
        documents: list[dict[str, Any]] = orjson.loads(self.body)
        return documents


Listener = Callable[[Entry], None]
NudgeListener = Callable[[str], None]


@dataclass(slots=True)
class Subscription:
    """One reader of one turn, at its own place in it; what arrives before it has caught up is set aside."""

    turn: str
    seq: int
    listener: Listener
    set_aside: list[Entry] | None = field(default_factory=list)


def key_of(turn: str) -> str:
    """Return the name of a turn's stream."""
    return f"turns:log:{turn}"


def place_of(seq: int) -> str:
    """Return an event's place in a stream, one that Valkey takes whatever the number."""
    return f"0-{min(seq, SEQ_LIMIT)}"


def entry_of(row: Row) -> Entry:
    """Return a stream's row as an entry."""
    row_id, fields = row
    return Entry(int(row_id.split(b"-")[1]), fields[b"e"], b"w" in fields, float(fields.get(b"t", 0)))


async def read_log(client: "redis.Redis", turn: str, after_seq: int = 0) -> list[Entry]:
    """Return what the log holds of a turn after an event's place."""
    since = f"({place_of(after_seq)}" if after_seq else "-"
    return [entry_of(row) for row in cast("list[Row]", await client.xrange(key_of(turn), min=since))]


class TurnFeed:
    """The subscriptions of one process; belongs to one event loop."""

    def __init__(self, client: "redis.Redis", listener: "redis.Redis") -> None:
        self._client = client
        # Its reads block, which nothing else may wait for.
        self._listener = listener
        self._wake_key = f"turns:wake:{os.getpid()}:{id(self)}"
        self._subscriptions: dict[str, list[Subscription]] = {}
        self._cursors: dict[str, int] = {}
        self._nudge_listeners: list[NudgeListener] = []
        # What a new turn has told while nobody followed it; None once its log must be read for that.
        self._written_here: dict[str, list[Entry] | None] = {}

    async def subscribe(self, turn: str, after_seq: int, listener: Listener) -> Subscription:
        """Call `listener` with every entry after `after_seq`, in order, none twice, until unsubscribed."""
        subscription = self.register(turn, after_seq, listener)
        await self.catch_up(subscription)
        return subscription

    def register(self, turn: str, after_seq: int, listener: Listener) -> Subscription:
        """Note a reader; it hears nothing before it has caught up."""
        subscription = Subscription(turn, after_seq, listener)
        self._subscriptions.setdefault(turn, []).append(subscription)
        return subscription

    async def catch_up(self, subscription: Subscription) -> None:
        """Deliver what the log holds already, and from then on what comes; waits for Valkey."""
        turn = subscription.turn
        while subscription in self._subscriptions.get(turn, ()):
            try:
                if turn not in self._cursors:
                    self._cursors[turn] = subscription.seq
                if turn not in self._written_here:
                    await self._client.xadd(self._wake_key, {"w": "1"}, maxlen=1)
                    await self._client.expire(self._wake_key, WAKE_SECONDS)
                entries = await read_log(self._client, turn, subscription.seq)
            except RedisError:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            early, subscription.set_aside = subscription.set_aside or [], None
            for entry in (*entries, *early):
                self._deliver(subscription, entry)
            return

    def follow_from_start(self, subscription: Subscription) -> bool:
        """Deliver what a turn begun here has told so far; False when that takes a look at its log."""
        early = self._written_here.get(subscription.turn)
        if early is None or subscription.seq:
            return False
        self._cursors.setdefault(subscription.turn, 0)
        subscription.set_aside = None
        for entry in early:
            self._deliver(subscription, entry)
        return True

    def expect(self, turn: str, *, is_new: bool = False) -> None:
        """Leave a turn to `hear`, as this process writes it; what stands in its log need not be read back."""
        self._written_here.setdefault(turn, [] if is_new else None)

    def release(self, turn: str) -> None:
        """Read a turn's log again, as whoever takes it up may be another process."""
        self._written_here.pop(turn, None)

    def hear(self, turn: str, entry: Entry) -> None:
        """Pass on an entry that this process has just written."""
        if turn not in self._written_here:
            return
        early = self._written_here[turn]
        if early is not None:
            early.append(entry)
            if len(early) > EARLY_ENTRIES:
                self._written_here[turn] = None
        self._spread_entry(turn, entry)

    def unsubscribe(self, subscription: Subscription) -> None:
        """Stop calling a listener."""
        readers = self._subscriptions.get(subscription.turn, [])
        if subscription in readers:
            readers.remove(subscription)
        if not readers:
            self._subscriptions.pop(subscription.turn, None)
            self._cursors.pop(subscription.turn, None)

    async def nudge(self, turn: str) -> None:
        """Tell every process that a wish about a turn was stored."""
        await self._client.xadd(NUDGES, {"turn": turn}, maxlen=NUDGES_KEPT, approximate=True)

    def on_nudge(self, listener: NudgeListener) -> None:
        """Call `listener` with the id of every turn that is nudged from now on."""
        if listener not in self._nudge_listeners:
            self._nudge_listeners.append(listener)

    async def run(self) -> None:
        """Read for ever; a Valkey that is away is waited for."""
        places = {NUDGES: await self._newest(NUDGES), self._wake_key: b"0-0"}
        while True:
            turns = {
                # One that Valkey does not take would fail the read for everybody.
                key_of(turn): place_of(seq).encode()
                for turn, seq in self._cursors.items()
                if turn not in self._written_here
            }
            streams = cast("Streams", places | turns)
            try:
                heard = await self._listener.xread(streams, block=READ_BLOCK_MS, count=500)
            except RedisError as error:
                logger.warning("turn log: not read, trying again (%s)", error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            for name, rows in cast("list[tuple[bytes, list[Row]]]", heard or []):
                key = name.decode()
                if key in places:
                    places[key] = rows[-1][0]
                self._spread(key, rows)
            await asyncio.sleep(PAUSE_SECONDS_A_TURN * len(turns))

    async def newest_seq(self, turn: str) -> int:
        """Return the place of the last event that a turn's log holds, 0 when it holds none."""
        rows = cast("list[Row]", await self._client.xrevrange(key_of(turn), count=1))
        return entry_of(rows[0]).seq if rows else 0

    async def _newest(self, key: str) -> bytes:
        while True:
            try:
                newest = cast("list[Row]", await self._client.xrevrange(key, count=1))
            except RedisError:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            return newest[0][0] if newest else b"0-0"

    def _spread(self, key: str, rows: list[Row]) -> None:
        if key == NUDGES:
            for _, fields in rows:
                for listener in self._nudge_listeners:
                    listener(fields[b"turn"].decode())
        elif key != self._wake_key:
            turn = key.removeprefix(key_of(""))
            for row in rows:
                self._spread_entry(turn, entry_of(row))

    def _spread_entry(self, turn: str, entry: Entry) -> None:
        if turn in self._cursors:
            self._cursors[turn] = max(entry.seq, self._cursors[turn])
        for subscription in list(self._subscriptions.get(turn, ())):
            if subscription.set_aside is None:
                self._deliver(subscription, entry)
            else:
                subscription.set_aside.append(entry)

    def _deliver(self, subscription: Subscription, entry: Entry) -> None:
        if entry.seq <= subscription.seq:
            return
        subscription.seq = entry.seq
        try:
            subscription.listener(entry)
        except Exception:  # noqa: BLE001 - one closed socket must not silence every other reader
            logger.info("turn log: a reader of %s went away", subscription.turn)
            self.unsubscribe(subscription)
