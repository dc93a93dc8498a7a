"""Start child processes, detect when they are ready, restart those that exit, and stop all in order."""

import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from stack.processes import stop
from stack.progress import Console
from stack.run_state import RunState

MAX_BACKOFF_SECONDS = 30.0
STABLE_SECONDS = 60.0


@dataclass(slots=True)
class Child:
    """One process of the stack; `start` is called again after an exit, `is_ready` until it returns True."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    is_ready: Callable[[], bool]
    log: Path
    on_ready: Callable[[], None] = lambda: None
    rank: int = 0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    ready: bool = field(default=False, init=False)
    started_at: float = field(default=0.0, init=False)
    exits: int = field(default=0, init=False)
    retry_at: float = field(default=0.0, init=False)


class Supervisor:
    """The children in start order, with exponential backoff between restarts."""

    def __init__(self, console: Console, run_state: RunState, save: Callable[[], None]) -> None:
        self.console = console
        self.run_state = run_state
        self.save = save
        self.children: list[Child] = []

    def add(self, child: Child) -> Child:
        """Start a child and supervise it from now on."""
        self.children.append(child)
        self._start(child)
        return child

    def tick(self) -> None:
        """Check every child once: restart exited ones, mark ready ones."""
        for child in self.children:
            if child.process is None:
                if time.monotonic() >= child.retry_at:
                    self._start(child)
            elif child.process.poll() is not None:
                self._schedule_restart(child, child.process.returncode)
            elif not child.ready and child.is_ready():
                child.ready = True
                self.console.done(child.name, time.monotonic() - child.started_at)
                child.on_ready()

    def stop(self) -> None:
        """Stop every child, the highest rank first."""
        for child in sorted(self.children, key=lambda child: -child.rank):
            if child.process is not None:
                stop(child.process, child.stop_signal, seconds=child.stop_seconds)
        self.children.clear()

    def _start(self, child: Child) -> None:
        child.started_at = time.monotonic()
        child.ready = False
        child.process = child.start()
        self.run_state.record_process(child.name, child.process.pid)
        self.save()

    def _schedule_restart(self, child: Child, code: int) -> None:
        if time.monotonic() - child.started_at > STABLE_SECONDS:
            child.exits = 0
        wait = min(MAX_BACKOFF_SECONDS, 2.0**child.exits)
        child.exits += 1
        child.process = None
        child.retry_at = time.monotonic() + wait
        self.console.write_line(
            f"  ✗ {child.name} ended by itself (code {code}); it starts again in {wait:.0f} s"
        )
