"""The log of a running turn and the frames of its pages, when Valkey loses data or a page is slow."""

import asyncio
import json
import uuid
from collections.abc import Callable

import pytest
import redis as plain_redis
from django.conf import settings

from aggregator.domain.events import (
    CandidateDelta,
    CandidateStarted,
    Event,
    PanelMember,
    RouteChosen,
    TurnOpened,
)
from aggregator.domain.snapshot import build_snapshot_events
from aggregator.domain.turn_state import TurnState, reduce_events
from aggregator.streaming import turn_log
from aggregator.streaming.event_writer import EventWriter
from aggregator.streaming.send_queue import MAX_QUEUED_BYTES, SendQueue
from aggregator.streaming.turn_feed import LogEntry
from aggregator.streaming.turn_log import FencedError, TurnLog, decode_entries

pytestmark = pytest.mark.usefixtures("valkey")

BEGINNING: tuple[Event, ...] = (
    TurnOpened("conversation", "turn", "안녕?"),
    RouteChosen("best", (PanelMember("a", "wise", "Wise", "vendor"),), ("asked_panel",)),
    CandidateStarted("a"),
    CandidateDelta("a", "서울", 12),
)


def open_log() -> TurnLog:
    """Return a started log."""
    log = TurnLog(settings.REDIS_URL, keep_seconds=60)
    log.start()
    return log


def open_event_writer(log: TurnLog, name: str) -> EventWriter:
    """Return the writer of a new turn."""
    state = TurnState()
    log.open_writer(name, 0, 0, lambda: build_snapshot_events(state))
    return EventWriter(log, name, state)


async def write_events(writer: EventWriter, *history: Event) -> int:
    """Emit events and wait until they are in the log."""
    for event in history:
        await writer.emit(event)
    return await asyncio.wait_for(writer.flush(), 5)


async def test_an_opened_turn_shares_an_entry_with_its_route(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn_log, "ROUTE_WAIT_SECONDS", 60.0)
    log, name = open_log(), str(uuid.uuid4())
    writer = open_event_writer(log, name)
    await writer.emit(BEGINNING[0])
    await asyncio.sleep(0.05)
    await write_events(writer, *BEGINNING[1:])
    alone = open_event_writer(log, other := str(uuid.uuid4()))
    await write_events(alone, BEGINNING[0])

    entries, others = await log.read(name), await log.read(other)
    await log.close()
    assert [entry.seq for entry in entries] == [len(BEGINNING)]
    assert [entry.seq for entry in others] == [1]


async def test_a_lost_log_is_written_anew(valkey: "plain_redis.Redis") -> None:
    log, name = open_log(), str(uuid.uuid4())
    writer = open_event_writer(log, name)
    await write_events(writer, *BEGINNING)

    await asyncio.to_thread(valkey.flushdb)
    await write_events(writer, CandidateDelta("a", "이에요."))

    entries = await log.read(name)
    await log.close()
    assert entries[0].is_snapshot
    assert reduce_events(decode_entries(entries)) == writer.state
    assert writer.state.candidates["a"].text == "서울이에요."


async def test_a_log_that_lost_its_end_is_written_anew_after_the_rest(valkey: "plain_redis.Redis") -> None:
    log, name = open_log(), str(uuid.uuid4())
    writer = open_event_writer(log, name)
    await write_events(writer, *BEGINNING)
    lost = await write_events(writer, CandidateDelta("a", "이에"))
    await asyncio.to_thread(valkey.xdel, f"turns:log:{name}", f"0-{lost}")

    await write_events(writer, CandidateDelta("a", "요."))

    entries = await log.read(name)
    await log.close()
    assert [entry.is_snapshot for entry in entries] == [False, True]
    assert entries[-1].seq > lost
    assert reduce_events(decode_entries(entries)).candidates["a"].text == "서울이에요."


async def test_a_second_writer_of_a_log_is_fenced() -> None:
    log, name = open_log(), str(uuid.uuid4())
    first = open_event_writer(log, name)
    await write_events(first, *BEGINNING)
    other = TurnLog(settings.REDIS_URL, keep_seconds=60)
    other.start()
    seq = (await other.read(name))[-1].seq
    other.open_writer(name, seq, seq, list)
    await write_events(EventWriter(other, name, TurnState()), CandidateDelta("a", "!"))

    with pytest.raises(FencedError):
        await write_events(first, CandidateDelta("a", "?"))

    await other.close()
    await log.close()


class SlowSocket:
    """The sending side of a socket that blocks until it is released."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.frames: list[dict[str, object]] = []

    async def send(self, text: str) -> None:
        """Send a frame."""
        await self.open.wait()
        self.frames.append(json.loads(text))


async def test_a_slow_page_delays_nobody_and_gets_a_snapshot_when_it_reads_again() -> None:
    log, name = open_log(), str(uuid.uuid4())
    slow, quick = SlowSocket(), SlowSocket()
    quick.open.set()
    slow_box, quick_box = SendQueue(lambda _: log, slow.send), SendQueue(lambda _: log, quick.send)
    slow_box.follow(name, 0, most=5)
    quick_box.follow(name, 0, most=5)
    writer = open_event_writer(log, name)
    await write_events(writer, *BEGINNING)
    piece = "가" * 2_000
    for _ in range(MAX_QUEUED_BYTES * 2 // len(piece.encode())):
        last = await write_events(writer, CandidateDelta("a", piece))
    await until(lambda: bool(quick.frames) and quick.frames[-1]["seq"] == last)

    slow.open.set()
    await until(lambda: bool(slow.frames) and slow.frames[-1]["seq"] == last)

    await slow_box.close()
    await quick_box.close()
    await log.close()
    assert len(quick.frames) > 10
    assert len(slow.frames) <= 3
    assert slow.frames[-1]["whole"] is True
    assert state_of(slow) == state_of(quick) == writer.state


async def test_a_page_that_asks_for_an_impossible_number_disturbs_no_other() -> None:
    log, name = open_log(), str(uuid.uuid4())
    bold, good = SlowSocket(), SlowSocket()
    bold.open.set()
    good.open.set()
    bold_box, good_box = SendQueue(lambda _: log, bold.send), SendQueue(lambda _: log, good.send)
    bold_box.follow(str(uuid.uuid4()), 10**30, most=5)
    good_box.follow(name, 0, most=5)
    writer = open_event_writer(log, name)
    last = await write_events(writer, *BEGINNING)
    await until(lambda: bool(good.frames) and good.frames[-1]["seq"] == last)
    last = await write_events(writer, CandidateDelta("a", "이에요."))
    await until(lambda: good.frames[-1]["seq"] == last)

    await bold_box.close()
    await good_box.close()
    await log.close()
    assert not bold.frames


def state_of(socket: SlowSocket) -> TurnState:
    """Return the state of a turn after a page's frames."""
    entries = [
        LogEntry(int(str(frame["seq"])), json.dumps(frame["events"]).encode(), bool(frame.get("whole")))
        for frame in socket.frames
    ]
    return reduce_events(decode_entries(entries))


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    for _ in range(1_000):
        if is_so():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come about in time")
