import datetime
import multiprocessing
import os
import signal
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest

from ads.events.spool import Spool, SpooledEvent, SpoolError

NOW = datetime.datetime(2026, 11, 24, 3, 0, tzinfo=datetime.UTC)


def spooled_event(number: int = 0) -> SpooledEvent:
    return SpooledEvent("click", uuid.UUID(int=number), NOW, "203.0.113.0/24", "")


def settle_all(spool: Spool) -> list[SpooledEvent]:
    settled: list[SpooledEvent] = []
    spool.settle(settled.extend)
    return settled


def test_events_are_settled_in_order_and_then_deleted(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    assert not spool.is_waiting()
    for number in range(3):
        spool.append([spooled_event(number)])
    assert spool.is_waiting()
    assert settle_all(spool) == [spooled_event(number) for number in range(3)]
    assert not spool.is_waiting()
    assert settle_all(spool) == []


def test_events_of_a_failed_settlement_stay_and_are_passed_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append([spooled_event(1)])

    def refuse(events: Sequence[SpooledEvent]) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        spool.settle(refuse)
    spool.append([spooled_event(2)])
    assert settle_all(spool) == [spooled_event(1), spooled_event(2)]


def test_a_torn_line_is_quarantined_and_the_next_one_is_complete(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append([spooled_event(1), spooled_event(2)])
    waiting = tmp_path / "waiting.jsonl"
    waiting.write_bytes(waiting.read_bytes()[:-40])
    spool.append([spooled_event(3)])
    assert settle_all(spool) == [spooled_event(1), spooled_event(3)]
    assert len((tmp_path / "unreadable.txt").read_bytes().splitlines()) == 1


def test_a_line_with_a_wrong_checksum_is_quarantined(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append([spooled_event(1)])
    waiting = tmp_path / "waiting.jsonl"
    waiting.write_bytes(waiting.read_bytes().replace(b"203.0.113", b"198.51.100"))
    assert settle_all(spool) == []
    assert (tmp_path / "unreadable.txt").exists()


def test_a_full_disk_keeps_no_partial_line_and_raises(tmp_path: Path) -> None:
    writer = multiprocessing.get_context("fork").Process(target=write_on_a_full_disk, args=(tmp_path,))
    writer.start()
    writer.join(30)
    assert writer.exitcode == 0
    assert settle_all(Spool(tmp_path)) == [spooled_event(1)]


def write_on_a_full_disk(folder: Path) -> None:
    import resource

    spool = Spool(folder)
    spool.append([spooled_event(1)])
    size = (folder / "waiting.jsonl").stat().st_size
    # A file size limit is how one process can simulate a full disk.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 30, size + 30))
    with pytest.raises(SpoolError):
        spool.append([spooled_event(2)])
    os._exit(0 if (folder / "waiting.jsonl").stat().st_size == size else 1)


def write_many(folder: Path, first: int) -> None:
    spool = Spool(folder)
    for number in range(first, first + 100):
        spool.append([spooled_event(number)])


def test_many_processes_spool_while_another_settles_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=write_many, args=(tmp_path, 100 * share)) for share in range(4)]
    for writer in writers:
        writer.start()
    settled: list[SpooledEvent] = []
    while any(writer.is_alive() for writer in writers):
        Spool(tmp_path).settle(settled.extend)
    Spool(tmp_path).settle(settled.extend)
    assert sorted(each.offer.int for each in settled) == list(range(400))


def test_only_one_process_settles_at_a_time(tmp_path: Path) -> None:
    spool, counts = Spool(tmp_path), []
    spool.append([spooled_event(1)])

    def settle_within(events: Sequence[SpooledEvent]) -> None:
        counts.append(Spool(tmp_path).settle(lambda _: None))

    assert spool.settle(settle_within) == 1
    assert counts == [0]
