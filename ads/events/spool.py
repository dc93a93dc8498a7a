"""What browsers told while the database was away, on this machine's own disk until it can be settled.

A file, and not Valkey: it needs nothing else to run, and a line is on the disk before its click is led on,
where Valkey would gather a second of them first. All processes of a machine share one file under a lock.
"""

import datetime
import errno
import fcntl
import json
import logging
import os
import time
import uuid
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

logger = logging.getLogger(__name__)

EventKind = Literal["look", "click", "refused_look", "refused_click"]
EVENT_KINDS: dict[str, EventKind] = {
    "look": "look",
    "click": "click",
    "refused_look": "refused_look",
    "refused_click": "refused_click",
}
SETTLE_BATCH_SIZE = 500


class SpoolError(Exception):
    """The disk did not take what was told."""


@dataclass(frozen=True, slots=True)
class SpooledEvent:
    """One thing a browser told about an offer; the reason is what already spoke against it."""

    kind: EventKind
    offer: uuid.UUID
    at: datetime.datetime
    network: str
    reason: str


class Spool:
    """Tellings in the order in which they came, in `folder`; each is kept until it was settled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._waiting = folder / "waiting.jsonl"

    def keep(self, events: Sequence[SpooledEvent]) -> None:
        """Write all of these to the disk, or none; raises SpoolError."""
        block = b"".join(_encode(event) for event in events)
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._open_waiting() as file:
                _append(file, block)
                self._sync_folder()
        except OSError as error:
            raise SpoolError(f"{self.folder}: {error.strerror}") from error

    def is_waiting(self) -> bool:
        """Say whether anything is to be settled."""
        return self._waiting.exists() or any(self.folder.glob("taken-*.jsonl"))

    def settle(self, act: Callable[[Sequence[SpooledEvent]], None]) -> int:
        """Hand over all that waits, in chunks, and forget a file once all of it was taken.

        Whatever stops this half-way leaves the file, and all of it is handed over again: `act` has to bear
        being told things twice. While another process is at it, nothing happens here.
        """
        if not self.is_waiting():
            return 0
        count = 0
        with self._settling_lock() as has_lock:
            if not has_lock:
                return 0
            self._rotate()
            for path in sorted(self.folder.glob("taken-*.jsonl")):
                events, unreadable = _read(path)
                for start in range(0, len(events), SETTLE_BATCH_SIZE):
                    act(events[start : start + SETTLE_BATCH_SIZE])
                count += len(events)
                self._quarantine(unreadable)
                path.unlink()
        return count

    @contextmanager
    def _open_waiting(self) -> Iterator[int]:
        while True:
            file = os.open(self._waiting, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                # While this waited for the lock, the file may have been taken away to be settled.
                if _is_same(file, self._waiting):
                    yield file
                    return
            finally:
                os.close(file)

    def _sync_folder(self) -> None:
        # A new file is not on the disk before its name is.
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    @contextmanager
    def _settling_lock(self) -> Iterator[bool]:
        file = os.open(self.folder / "settling.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield True
        except BlockingIOError:
            yield False
        finally:
            os.close(file)

    def _rotate(self) -> None:
        with suppress(FileNotFoundError):
            file = os.open(self._waiting, os.O_RDWR)
            try:
                # Under the lock, so that no writer is half-way through a line.
                fcntl.flock(file, fcntl.LOCK_EX)
                self._waiting.rename(self.folder / f"taken-{time.time_ns()}.jsonl")
            finally:
                os.close(file)

    def _quarantine(self, lines: Sequence[bytes]) -> None:
        if not lines:
            return
        logger.critical("spool: %d lines cannot be read; they are in %s", len(lines), self.folder)
        with (self.folder / "unreadable.txt").open("ab") as file:
            file.writelines(line + b"\n" for line in lines)


def _append(file: int, block: bytes) -> None:
    size = os.fstat(file).st_size
    if size and os.pread(file, 1, size - 1) != b"\n":
        # Whoever wrote last died in the middle of a line: it stays unreadable, ours begins anew.
        block = b"\n" + block
    try:
        written = os.write(file, block)
        if written != len(block):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(file)
    except OSError:
        os.ftruncate(file, size)
        raise


def _is_same(file: int, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    here = os.fstat(file)
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def _encode(event: SpooledEvent) -> bytes:
    words = (event.kind, event.offer.hex, event.at.isoformat(), event.network, event.reason)
    body = json.dumps(words).encode("ascii")
    return b"%08x %s\n" % (zlib.crc32(body), body)


def _read(path: Path) -> tuple[list[SpooledEvent], list[bytes]]:
    events, unreadable = [], []
    for line in path.read_bytes().split(b"\n"):
        if not line:
            continue
        event = _decode(line)
        if event is None:
            unreadable.append(line)
        else:
            events.append(event)
    return events, unreadable


def _decode(line: bytes) -> SpooledEvent | None:
    check, _, body = line.partition(b" ")
    if check != b"%08x" % zlib.crc32(body):
        return None
    kind, offer, at, network, reason = json.loads(body)
    return SpooledEvent(
        EVENT_KINDS[kind], uuid.UUID(offer), datetime.datetime.fromisoformat(at), network, reason
    )
