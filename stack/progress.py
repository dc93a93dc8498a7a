"""What a person who starts the stack sees: a line per step with its time, a bar per download."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

BAR_WIDTH = 28
MEGABYTE = 1_000_000


class Console:
    """Lines on one stream, from any thread; a download's bar stays below them."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.is_terminal = self.stream.isatty()
        self._lock = threading.Lock()
        self._bar = ""

    def say(self, line: str) -> None:
        """Print one line above the bar."""
        with self._lock:
            self._write(f"{line}\n", self._bar)

    def show_bar(self, bar: str) -> None:
        """Replace the bar; an empty one goes away. Nothing happens where lines cannot be overwritten."""
        if self.is_terminal:
            with self._lock:
                self._write("", bar)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Say how long a step took once it is done."""
        began = time.monotonic()
        yield
        self.done(name, time.monotonic() - began)

    def done(self, name: str, seconds: float) -> None:
        """Say that a step is done."""
        self.say(f"  ✓ {name:<52} {seconds:6.1f} s")

    def _write(self, line: str, bar: str) -> None:
        clear = "\r\033[K" if self._bar else ""
        self._bar = bar
        self.stream.write(f"{clear}{line}{bar}")
        self.stream.flush()


class DownloadBar:
    """How far one download is: drawn on a terminal, told every tenth elsewhere."""

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
        """Count bytes that arrived (or, negative, that must come again)."""
        self.received += count
        now = time.monotonic()
        if self.console.is_terminal and now - self._drawn > 0.1:
            self._drawn = now
            self.console.show_bar(self._line(now))
        elif not self.console.is_terminal and self.received * 10 // self.total > self._tenths:
            self._tenths = self.received * 10 // self.total
            self.console.say(self._line(now))

    def finish(self) -> None:
        """Take the bar away."""
        self.console.show_bar("")

    def _line(self, now: float) -> str:
        share = min(1.0, self.received / self.total)
        filled = int(share * BAR_WIDTH)
        speed = (self.received - self._first) / MEGABYTE / max(0.1, now - self._began)
        amount = f"{self.received / MEGABYTE:,.0f} of {self.total / MEGABYTE:,.0f} MB"
        bar = "█" * filled + "░" * (BAR_WIDTH - filled)
        return f"  ↓ {self.name:<14} {bar} {share:4.0%}  {amount}  {speed:.1f} MB/s"
