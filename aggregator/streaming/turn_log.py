"""The event log of running turns: one Valkey stream a turn, one pipelined writer a process (ADR 0002).

An entry's id is `0-N`, where N counts the turn's events up to and including that entry. Each write names the
entry that it follows and is refused if another one is there: a process that lost its lease cannot write after
its successor, and one whose log was lost finds out and writes the whole turn again.
A writer flushes at once when it is idle or when an urgent event comes, and otherwise at every tick; an opened
turn waits a moment for its route. No page receives an event that is not in the log.
"""

import asyncio
import contextlib
import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson
from redis.exceptions import NoScriptError, RedisError

from aggregator.domain.events import AnswerDelta, Event, MoreText, TurnOpened, decode, encode, merge_deltas
from aggregator.infra.flush_scheduler import get_flush_scheduler
from aggregator.infra.redis_client import open_blocking_client, open_client
from aggregator.streaming.turn_feed import RETRY_SECONDS, LogEntry, TurnFeed, read_log, stream_key

logger = logging.getLogger(__name__)

CLOSE_TIMEOUT_SECONDS = 2
# After a lost log a turn's numbers continue far above those that a page can have received.
LOST_LOG_SEQ_GAP = 100_000
# How long an opened turn waits for its route, which mostly follows at once: each entry wakes up its readers.
ROUTE_WAIT_SECONDS = 0.03
APPEND_SCRIPT = """
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local newest_id = newest and newest[1] or '0-0'
if newest_id ~= ARGV[1] then return {newest_id, newest and newest[2][2] or ''} end
if ARGV[5] == '1' then redis.call('XADD', KEYS[1], ARGV[2], 'e', ARGV[3], 'w', '1')
else redis.call('XADD', KEYS[1], ARGV[2], 'e', ARGV[3], 't', ARGV[6]) end
redis.call('EXPIRE', KEYS[1], ARGV[4])
return {ARGV[2], ''}
"""
APPEND_SHA = hashlib.sha1(APPEND_SCRIPT.encode(), usedforsecurity=False).hexdigest()


class TurnLogError(Exception):
    """The turn log cannot be used."""


class FencedError(TurnLogError):
    """Another process writes this turn's log now."""


@dataclass(slots=True)
class StreamWriter:
    """What this process still has to write of one turn.

    `written` is the number of the last entry in the log, `seq` the number of the last event written.
    """

    turn: str
    seq: int
    written: int
    read_snapshot: Callable[[], list[Event]]
    pending: list[Event] = field(default_factory=list)
    body: bytes = b""
    size: int = 0
    batched: int = 0
    is_snapshot: bool = False
    emitted_at: float = 0.0
    failure: TurnLogError | None = None

    @property
    def key(self) -> str:
        """The name of the turn's stream."""
        return stream_key(self.turn)

    def fill_batch(self) -> None:
        """Choose what to write next: the batch that was not confirmed, or everything pending."""
        if not self.body:
            self._fill(merge_deltas(self.pending), is_snapshot=False)

    def start_rewrite(self, found: int) -> None:
        """Write the whole turn as a snapshot, after the entry that the log still has."""
        logger.warning("turn log: %s lost what followed %d and is written anew", self.key, found)
        self.written, self.seq = found, self.seq + LOST_LOG_SEQ_GAP
        self._fill(self.read_snapshot(), is_snapshot=True)

    def confirm(self) -> None:
        """Record that the batch was written."""
        self.seq = self.written = self.seq + self.size
        del self.pending[: self.batched]
        self.body, self.size, self.batched, self.is_snapshot = b"", 0, 0, False

    def _fill(self, batch: list[Event], *, is_snapshot: bool) -> None:
        try:
            self.body = orjson.dumps([encode(event) for event in batch])
        except Exception as error:
            # A turn that cannot be encoded must not keep the others from the log.
            logger.exception("turn log: %s cannot be written", self.key)
            self.failure = TurnLogError(str(error))
        self.size, self.batched, self.is_snapshot = len(batch), len(self.pending), is_snapshot

    @property
    def is_drained(self) -> bool:
        """Whether nothing is left to write, or nothing can be written any more."""
        return not (self.pending or self.body) or self.failure is not None

    @property
    def entry_ids(self) -> tuple[str, str]:
        """The ids of the entry that the batch follows and of the one that it becomes."""
        return f"0-{self.written}", f"0-{self.target}"

    @property
    def entry_fields(self) -> tuple[str, str]:
        """Whether the batch is a snapshot, and when its first event was emitted, in seconds since 1970."""
        return "1" if self.is_snapshot else "0", f"{self.emitted_at:.3f}"

    @property
    def target(self) -> int:
        """The number that the batch's entry will have."""
        return self.seq + self.size


class TurnLog:
    """The turn logs that one process writes and reads; belongs to one event loop."""

    def __init__(self, url: str, *, keep_seconds: int) -> None:
        self.client = open_client(url)
        self._listener = open_blocking_client(url)
        self.feed = TurnFeed(self.client, self._listener)
        self._keep_seconds = keep_seconds
        self._writers: dict[str, StreamWriter] = {}
        self._dirty = asyncio.Event()
        self._wakeup = asyncio.Event()
        self._flushed = asyncio.Condition()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start the tasks that write and read; calling it again does nothing."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._write()), asyncio.create_task(self.feed.run())]

    async def close(self) -> None:
        """Write what is pending, then end both tasks and close the connections."""
        with contextlib.suppress(TurnLogError, RedisError, TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_SECONDS):
                await self._flush()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        await self.client.aclose()
        await self._listener.aclose()

    def open_writer(
        self, turn: str, seq: int, written: int, read_snapshot: Callable[[], list[Event]]
    ) -> None:
        """Begin to write a turn after its event `seq`; `read_snapshot` returns the events of its state."""
        self._writers[turn] = StreamWriter(turn, seq, written, read_snapshot)

    def rewrite(self, turn: str) -> None:
        """Write the whole turn again, after the entry that its log still has."""
        writer = self._writers[turn]
        writer.start_rewrite(writer.written)
        self._dirty.set()

    def append(self, turn: str, event: Event) -> None:
        """Append an event to the next batch; raises FencedError if another process writes this turn."""
        writer = self._writers[turn]
        if writer.failure:
            raise writer.failure
        if not writer.pending:
            writer.emitted_at = time.time()
        writer.pending.append(event)
        if isinstance(event, TurnOpened):
            asyncio.get_running_loop().call_later(ROUTE_WAIT_SECONDS, self._dirty.set)
            return
        self._dirty.set()
        if is_urgent(event):
            self._wakeup.set()

    async def flush(self, turn: str) -> int:
        """Wait until all appended events are in the log and return the number of the last one."""
        writer = self._writers[turn]
        self._dirty.set()
        async with self._flushed:
            await self._flushed.wait_for(lambda: writer.is_drained)
        if writer.failure:
            raise writer.failure
        return writer.seq

    def close_writer(self, turn: str) -> None:
        """Stop writing a turn; its log expires."""
        self._writers.pop(turn, None)

    async def forget(self, turn: str) -> None:
        """Delete the log of a turn that was refused or deleted; if Valkey is away, it expires."""
        with contextlib.suppress(RedisError):
            await self.client.delete(stream_key(turn))

    async def read(self, turn: str, after_seq: int = 0) -> list[LogEntry]:
        """Return the entries of a turn's log after an event's number."""
        return await read_log(self.client, turn, after_seq)

    async def _write(self) -> None:
        while True:
            await self._dirty.wait()
            # Events emitted in the same iteration of the loop join the batch.
            await asyncio.sleep(0)
            self._dirty.clear()
            try:
                is_flushed = await self._flush()
            except RedisError as error:
                # Pending events are kept until Valkey is back.
                logger.warning("turn log: not written, trying again (%s)", error)
                is_flushed = False
            except Exception:
                # All turns of the process are written by this task, so it must never end.
                logger.exception("turn log: not written, trying again")
                is_flushed = False
            if not is_flushed:
                self._dirty.set()
                await asyncio.sleep(RETRY_SECONDS)
            await self._wait_for_tick()

    async def _wait_for_tick(self) -> None:
        # An urgent event ends the wait; the tick is the one at which providers' streams are read.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(get_flush_scheduler().next_tick()):
                await self._wakeup.wait()
        self._wakeup.clear()

    async def _flush(self) -> bool:
        writers = [
            writer
            for writer in self._writers.values()
            if (writer.pending or writer.body) and writer.failure is None
        ]
        if not writers:
            return True
        for writer in writers:
            writer.fill_batch()
        writers = [writer for writer in writers if writer.failure is None]
        keep = str(self._keep_seconds)
        outcomes = await self.client.send_all(
            ("EVALSHA", APPEND_SHA, 1, writer.key, *writer.entry_ids, writer.body, keep, *writer.entry_fields)
            for writer in writers
        )
        if any(isinstance(outcome, NoScriptError) for outcome in outcomes):
            # A server that restarted has forgotten the script.
            await self.client.script_load(APPEND_SCRIPT)
            return await self._flush()
        settled = [
            self._apply_reply(writer, outcome) for writer, outcome in zip(writers, outcomes, strict=True)
        ]
        is_flushed = all(settled)
        async with self._flushed:
            self._flushed.notify_all()
        return is_flushed

    def _apply_reply(self, writer: StreamWriter, outcome: object) -> bool:
        if isinstance(outcome, Exception):
            logger.warning("turn log: %s not written (%s)", writer.key, outcome)
            return False
        entry_id, body = outcome if isinstance(outcome, list) else (b"0-0", b"")
        found = int(entry_id.split(b"-")[1])
        # A connection that broke between the write and its reply makes the same entry be written twice.
        if found == writer.target and body in {b"", writer.body}:
            written = LogEntry(writer.target, writer.body, writer.is_snapshot, writer.emitted_at)
            writer.confirm()
            self.feed.deliver_local(writer.turn, written)
        elif found > writer.written:
            writer.failure = FencedError(writer.key)
        else:
            writer.start_rewrite(found)
            self._dirty.set()
        return True


def is_urgent(event: Event) -> bool:
    """Return whether an event is written at once: every event except further text."""
    if isinstance(event, AnswerDelta):
        return event.first
    return not isinstance(event, MoreText)


def decode_entries(entries: list[LogEntry]) -> list[Event]:
    """Return the events of log entries in order, from the last snapshot on."""
    starts = [index for index, entry in enumerate(entries) if entry.is_snapshot]
    return [decode(document) for entry in entries[starts[-1] if starts else 0 :] for document in entry.events]
