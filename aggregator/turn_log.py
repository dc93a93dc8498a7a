"""The durable event log of a running turn: one Valkey Stream a turn, written and read by one task a process.

An entry's id is `0-N`, where N counts the turn's events up to and including that entry. Valkey refuses an id
that is not above the last one, so a process that lost its lease cannot write behind its successor's back.
A writer flushes at once when idle and then every tick; no browser sees an event that is not in the log.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import orjson
import redis.asyncio as redis
from redis.exceptions import RedisError, ResponseError

from aggregator.events import Event, decode, encode, merge_deltas

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.03
READ_BLOCK_MS = 5_000
STOPS = "turns:stops"
RETRY_SECONDS = 0.2


class LogError(Exception):
    """The turn log cannot be used."""


class LogTaken(LogError):
    """Another process writes this turn's log now."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Neighbouring events of one turn; `seq` is the place of the last one."""

    seq: int
    events: tuple[dict[str, object], ...]


Listener = Callable[[Entry], Awaitable[None]]
StopListener = Callable[[str], None]


@dataclass(slots=True)
class Page:
    """What this process still has to write of one turn."""

    key: str
    seq: int
    pending: list[Event] = field(default_factory=list)
    lost: LogError | None = None


@dataclass(slots=True)
class Subscription:
    """One reader of one turn, at its own place in it."""

    turn: str
    seq: int
    listener: Listener
    backlog: list[Entry] | None = field(default_factory=list)


def key_of(turn: str) -> str:
    """Return the name of a turn's stream."""
    return f"turns:log:{turn}"


class TurnLog:
    """All turn logs as one process writes and reads them; belongs to one event loop."""

    def __init__(self, url: str, *, keep_seconds: int) -> None:
        self._client = redis.Redis.from_url(url, max_connections=512)
        self._keep_seconds = keep_seconds
        self._pages: dict[str, Page] = {}
        self._dirty = asyncio.Event()
        self._flushed = asyncio.Condition()
        self._wake_key = f"turns:wake:{os.getpid()}:{id(self)}"
        self._subscriptions: dict[str, list[Subscription]] = {}
        self._cursors: dict[str, int] = {}
        self._stop_listeners: list[StopListener] = []
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def client(self) -> "redis.Redis":
        """The connection pool to Valkey that belongs to this loop."""
        return self._client

    def start(self) -> None:
        """Begin writing and reading; calling it again does nothing."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._write()), asyncio.create_task(self._read())]

    async def close(self) -> None:
        """Write what is pending, then end both tasks."""
        with contextlib.suppress(LogError, RedisError, TimeoutError):
            await asyncio.wait_for(self._flush(), 2)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        await self._client.aclose()

    # -- writing --------------------------------------------------------------------------------
    def open_page(self, turn: str, seq: int) -> None:
        """Begin to write a turn after its event number `seq`."""
        self._pages[turn] = Page(key_of(turn), seq)

    def append(self, turn: str, event: Event) -> None:
        """Take an event for the next flush; raises LogTaken when another process writes this turn."""
        page = self._pages[turn]
        if page.lost:
            raise page.lost
        page.pending.append(event)
        self._dirty.set()

    async def flush(self, turn: str) -> int:
        """Wait until all that was appended to the turn is in the log; returns the last event's place."""
        page = self._pages[turn]
        async with self._flushed:
            await self._flushed.wait_for(lambda: not page.pending or page.lost is not None)
        if page.lost:
            raise page.lost
        return page.seq

    def close_page(self, turn: str) -> None:
        """Stop writing a turn; its log expires after the keeping time."""
        self._pages.pop(turn, None)

    async def _write(self) -> None:
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            try:
                await self._flush()
            except RedisError as error:
                # Valkey restarts: what is pending stays pending and is written when it is back.
                logger.warning("turn log: not written, trying again (%s)", error)
                self._dirty.set()
                await asyncio.sleep(RETRY_SECONDS)
            await asyncio.sleep(TICK_SECONDS)

    async def _flush(self) -> None:
        batches = [(page, merge_deltas(page.pending), len(page.pending)) for page in self._dirty_pages()]
        if not batches:
            return
        pipeline = self._client.pipeline(transaction=False)
        for page, merged, _ in batches:
            body = orjson.dumps([encode(event) for event in merged])
            pipeline.xadd(page.key, {"e": body}, id=f"0-{page.seq + len(merged)}")
            pipeline.expire(page.key, self._keep_seconds)
        outcomes = await pipeline.execute(raise_on_error=False)
        for (page, merged, taken), outcome in zip(batches, outcomes[::2], strict=True):
            await self._settle(page, merged, taken, outcome)
        async with self._flushed:
            self._flushed.notify_all()

    def _dirty_pages(self) -> list[Page]:
        return [page for page in self._pages.values() if page.pending and page.lost is None]

    async def _settle(self, page: Page, merged: list[Event], taken: int, outcome: object) -> None:
        seq = page.seq + len(merged)
        if isinstance(outcome, ResponseError) and not await self._wrote(page.key, seq, merged):
            page.lost = LogTaken(page.key)
        elif isinstance(outcome, Exception) and not isinstance(outcome, ResponseError):
            self._dirty.set()
        else:
            page.seq = seq
            del page.pending[:taken]

    async def _wrote(self, key: str, seq: int, merged: list[Event]) -> bool:
        # A connection that broke after the write and before the reply makes us write the same entry twice.
        newest = await self._client.xrevrange(key, count=1)
        if not newest:
            return False
        entry = _entry(*newest[0])
        return entry.seq == seq and list(entry.events) == [encode(event) for event in merged]

    # -- reading --------------------------------------------------------------------------------
    async def read(self, turn: str, after_seq: int = 0) -> list[Entry]:
        """Return what the log holds of a turn after an event's place."""
        rows = await self._client.xrange(key_of(turn), min=f"(0-{after_seq}" if after_seq else "-")
        return [_entry(row_id, fields) for row_id, fields in rows]

    async def subscribe(self, turn: str, after_seq: int, listener: Listener) -> Subscription:
        """Call `listener` with every entry after `after_seq`, in order, none twice, until unsubscribed."""
        subscription = Subscription(turn, after_seq, listener)
        self._subscriptions.setdefault(turn, []).append(subscription)
        if turn not in self._cursors:
            self._cursors[turn] = after_seq
            await self._client.xadd(self._wake_key, {"w": "1"}, maxlen=1)
            await self._client.expire(self._wake_key, 3_600)
        for entry in await self.read(turn, after_seq):
            await self._deliver(subscription, entry)
        waiting, subscription.backlog = subscription.backlog or [], None
        for entry in waiting:
            await self._deliver(subscription, entry)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Stop calling a listener."""
        readers = self._subscriptions.get(subscription.turn, [])
        if subscription in readers:
            readers.remove(subscription)
        if not readers:
            self._subscriptions.pop(subscription.turn, None)
            self._cursors.pop(subscription.turn, None)

    async def ask_stop(self, turn: str) -> None:
        """Tell every process that a turn's stop was asked for."""
        await self._client.xadd(STOPS, {"turn": turn}, maxlen=1_000, approximate=True)

    def on_stop(self, listener: StopListener) -> None:
        """Call `listener` with the id of every turn whose stop is asked for from now on."""
        if listener not in self._stop_listeners:
            self._stop_listeners.append(listener)

    async def _read(self) -> None:
        last_wake = b"0-0"
        last_stop = await self._last_stop()
        while True:
            streams = {STOPS: last_stop, self._wake_key: last_wake} | {
                key_of(turn): f"0-{seq}" for turn, seq in self._cursors.items()
            }
            try:
                rows = await self._client.xread(streams, block=READ_BLOCK_MS, count=500)
            except RedisError as error:
                logger.warning("turn log: not read, trying again (%s)", error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            for name, entries in rows or ():
                if name == STOPS.encode():
                    last_stop = entries[-1][0]
                    self._announce_stops(entries)
                elif name == self._wake_key.encode():
                    last_wake = entries[-1][0]
                else:
                    await self._spread(name.decode().removeprefix(key_of("")), entries)

    async def _last_stop(self) -> bytes:
        while True:
            try:
                newest = await self._client.xrevrange(STOPS, count=1)
            except RedisError:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            return newest[0][0] if newest else b"0-0"

    def _announce_stops(self, entries: list[tuple[bytes, dict[bytes, bytes]]]) -> None:
        for _, fields in entries:
            for listener in self._stop_listeners:
                listener(fields[b"turn"].decode())

    async def _spread(self, turn: str, rows: list[tuple[bytes, dict[bytes, bytes]]]) -> None:
        for row_id, fields in rows:
            entry = _entry(row_id, fields)
            if turn in self._cursors:
                self._cursors[turn] = entry.seq
            for subscription in list(self._subscriptions.get(turn, ())):
                if subscription.backlog is None:
                    await self._deliver(subscription, entry)
                else:
                    subscription.backlog.append(entry)

    async def _deliver(self, subscription: Subscription, entry: Entry) -> None:
        if entry.seq <= subscription.seq:
            return
        subscription.seq = entry.seq
        try:
            await subscription.listener(entry)
        except Exception:  # noqa: BLE001 - one closed socket must not silence every other reader
            logger.info("turn log: a reader of %s went away", subscription.turn)
            self.unsubscribe(subscription)


def _entry(row_id: bytes, fields: dict[bytes, bytes]) -> Entry:
    return Entry(int(row_id.split(b"-")[1]), tuple(orjson.loads(fields[b"e"])))


def decode_entries(entries: list[Entry]) -> list[Event]:
    """Return the events of log entries, in order."""
    return [decode(document) for entry in entries for document in entry.events]


_logs: "WeakKeyDictionary[asyncio.AbstractEventLoop, TurnLog]" = WeakKeyDictionary()


def turn_log(url: str, *, keep_seconds: int) -> TurnLog:
    """Return the turn log of the running event loop, started."""
    loop = asyncio.get_running_loop()
    log = _logs.get(loop)
    if log is None:
        log = _logs[loop] = TurnLog(url, keep_seconds=keep_seconds)
    log.start()
    return log
