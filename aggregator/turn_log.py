"""The durable event log of a running turn: one Valkey Stream a turn, one pipelined writer a process.

An entry's id is `0-N`, where N counts the turn's events up to and including that entry. Valkey refuses an id
that is not above the last one, so a process that lost its lease cannot write behind its successor's back.
A writer flushes at once when idle and then every tick; no browser sees an event that is not in the log.
"""

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from typing import cast
from weakref import WeakKeyDictionary

import orjson
import redis.asyncio as redis
from redis.exceptions import RedisError, ResponseError

from aggregator.events import Event, decode, encode, merge_deltas
from aggregator.turn_feed import RETRY_SECONDS, Entry, Row, TurnFeed, entry_of, key_of, read_log

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.03
CONNECTIONS = 512


class LogError(Exception):
    """The turn log cannot be used."""


class LogTaken(LogError):
    """Another process writes this turn's log now."""


@dataclass(slots=True)
class Page:
    """What this process still has to write of one turn."""

    key: str
    seq: int
    pending: list[Event] = field(default_factory=list)
    batch: list[Event] = field(default_factory=list)
    batched: int = 0
    lost: LogError | None = None

    def fill_batch(self) -> list[Event]:
        """Return what to write next: the batch whose writing was not confirmed, or all that is pending."""
        if not self.batched:
            self.batch, self.batched = merge_deltas(self.pending), len(self.pending)
        return self.batch

    def confirm(self) -> None:
        """Take the batch as written."""
        self.seq += len(self.batch)
        del self.pending[: self.batched]
        self.batch, self.batched = [], 0


class TurnLog:
    """All turn logs as one process writes and reads them; belongs to one event loop."""

    def __init__(self, url: str, *, keep_seconds: int) -> None:
        self.client = redis.Redis.from_url(url, max_connections=CONNECTIONS)
        self.feed = TurnFeed(self.client)
        self._keep_seconds = keep_seconds
        self._pages: dict[str, Page] = {}
        self._dirty = asyncio.Event()
        self._flushed = asyncio.Condition()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin writing and reading; calling it again does nothing."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._write()), asyncio.create_task(self.feed.run())]

    async def close(self) -> None:
        """Write what is pending, then end both tasks."""
        with contextlib.suppress(LogError, RedisError, TimeoutError):
            await asyncio.wait_for(self._flush(), 2)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        await self.client.aclose()

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

    async def read(self, turn: str, after_seq: int = 0) -> list[Entry]:
        """Return what the log holds of a turn after an event's place."""
        return await read_log(self.client, turn, after_seq)

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
        pages = [page for page in self._pages.values() if page.pending and page.lost is None]
        if not pages:
            return
        pipeline = self.client.pipeline(transaction=False)
        for page in pages:
            batch = page.fill_batch()
            body = orjson.dumps([encode(event) for event in batch])
            pipeline.xadd(page.key, {"e": body}, id=f"0-{page.seq + len(batch)}")
            pipeline.expire(page.key, self._keep_seconds)
        outcomes = await pipeline.execute(raise_on_error=False)
        for page, outcome in zip(pages, outcomes[::2], strict=True):
            await self._settle(page, outcome)
        async with self._flushed:
            self._flushed.notify_all()

    async def _settle(self, page: Page, outcome: object) -> None:
        if isinstance(outcome, ResponseError) and not await self._is_written(page):
            page.lost = LogTaken(page.key)
        elif isinstance(outcome, Exception) and not isinstance(outcome, ResponseError):
            self._dirty.set()
        else:
            page.confirm()

    async def _is_written(self, page: Page) -> bool:
        # A connection that broke after the write and before the reply makes us write the same entry twice.
        newest = cast("list[Row]", await self.client.xrevrange(page.key, count=1))
        if not newest:
            return False
        entry = entry_of(newest[0])
        ours = orjson.loads(orjson.dumps([encode(event) for event in page.batch]))
        return entry.seq == page.seq + len(page.batch) and list(entry.events) == ours


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
