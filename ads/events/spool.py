"""The spool: events received while the database is unavailable, on this machine's disk.

An append-only file rather than Valkey: it depends on nothing else, and each event is flushed to disk before
its click is redirected (docs/decisions/0020). All processes of a machine share one file under a lock.
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
SETTLE_BATCH_SIZE = 500


class SpoolError(Exception):
    """The events could not be written to disk."""


@dataclass(frozen=True, slots=True)
class SpooledEvent:
    """One event of an offer; `reason` is why it was already judged invalid, else empty."""

    kind: EventKind
    offer: uuid.UUID
    at: datetime.datetime
    network: str
    reason: str


class Spool:
    """Events in order of arrival, in `folder`; each is kept until it is settled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._waiting = folder / "waiting.jsonl"

    def append(self, events: Sequence[SpooledEvent]) -> None:
        """Write and flush all of these events, or none; raises SpoolError."""
        block = b"".join(_encode(event) for event in events)
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._open_waiting() as file:
                _append(file, block)
                self._sync_folder()
        except OSError as error:
            raise SpoolError(f"{self.folder}: {error.strerror}") from error

    def is_waiting(self) -> bool:
        """Return whether any event is to be settled."""
        return self._waiting.exists() or any(self.folder.glob("taken-*.jsonl"))

    def settle(self, handle: Callable[[Sequence[SpooledEvent]], None]) -> int:
        """Pass all events to `handle` in batches, deleting each file afterwards; return how many events.

        After a failure the whole file is passed again, so `handle` must be idempotent. Returns 0 while
        another process is settling.
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
                    handle(events[start : start + SETTLE_BATCH_SIZE])
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
                # While this process waited for the lock, the file may have been rotated for settlement.
                if _is_same(file, self._waiting):
                    yield file
                    return
            finally:
                os.close(file)

    def _sync_folder(self) -> None:
        # A new file is durable only once its directory entry is.
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
                # Under the lock, so that no writer is in the middle of a line.
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
        # A writer died in the middle of a line: that line stays unreadable, the next starts on a new line.
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
        current = path.stat()
    except FileNotFoundError:
        return False
    opened = os.fstat(file)
    return (opened.st_dev, opened.st_ino) == (current.st_dev, current.st_ino)


def _encode(event: SpooledEvent) -> bytes:
    values = (event.kind, event.offer.hex, event.at.isoformat(), event.network, event.reason)
    body = json.dumps(values).encode("ascii")
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
    checksum, _, body = line.partition(b" ")
    if checksum != b"%08x" % zlib.crc32(body):
        return None
    kind, offer, at, network, reason = json.loads(body)
    return SpooledEvent(kind, uuid.UUID(offer), datetime.datetime.fromisoformat(at), network, reason)
