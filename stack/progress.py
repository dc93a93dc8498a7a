"""Console output of a start: one line per step with its duration, one bar per download."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

BAR_WIDTH = 28
MEGABYTE = 1_000_000


class Console:
    """Thread-safe output of lines, with the bar of the current download below them."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.is_terminal = self.stream.isatty()
        self._lock = threading.Lock()
        self._bar = ""

    def write_line(self, line: str) -> None:
        """Write one line above the bar."""
        with self._lock:
            self._write(f"{line}\n", self._bar)

    def show_bar(self, bar: str) -> None:
        """Replace the bar, or remove it when empty; does nothing when the stream is not a terminal."""
        if self.is_terminal:
            with self._lock:
                self._write("", bar)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Write a line with the duration of the block when it ends."""
        began = time.monotonic()
        yield
        self.done(name, time.monotonic() - began)

    def done(self, name: str, seconds: float) -> None:
        """Write the line of a finished step."""
        self.write_line(f"  ✓ {name:<52} {seconds:6.1f} s")

    def _write(self, line: str, bar: str) -> None:
        clear = "\r\033[K" if self._bar else ""
        self._bar = bar
        self.stream.write(f"{clear}{line}{bar}")
        self.stream.flush()


class DownloadBar:
    """The progress of one download: a bar on a terminal, else a line per ten percent."""

    def __init__(self, console: Console, name: str, total: int, done: int = 0) -> None:
        self.console = console
        self.name = name
        self.total = total
        self.received = done
        self._began = time.monotonic()
        self._first = done
        self._drawn = 0.0
        self._tenths = self._first * 10 // total

    def advance(self, count: int) -> None:
        """Add received bytes; a negative count takes discarded bytes back."""
        self.received += count
        now = time.monotonic()
        if self.console.is_terminal and now - self._drawn > 0.1:
            self._drawn = now
            self.console.show_bar(self._line(now))
        elif not self.console.is_terminal and self.received * 10 // self.total > self._tenths:
            self._tenths = self.received * 10 // self.total
            self.console.write_line(self._line(now))

    def finish(self) -> None:
        """Remove the bar."""
        self.console.show_bar("")

    def _line(self, now: float) -> str:
        share = min(1.0, self.received / self.total)
        filled = int(share * BAR_WIDTH)
        speed = (self.received - self._first) / MEGABYTE / max(0.1, now - self._began)
        amount = f"{self.received / MEGABYTE:,.0f} of {self.total / MEGABYTE:,.0f} MB"
        bar = "█" * filled + "░" * (BAR_WIDTH - filled)
        return f"  ↓ {self.name:<14} {bar} {share:4.0%}  {amount}  {speed:.1f} MB/s"
