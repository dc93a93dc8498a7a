"""Servers that a test or a bench starts and stops by itself, without the supervisor of the stack."""

import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from stack.errors import StackError
from stack.processes import last_line, stop
from stack.servers.postgres import Postgres
from stack.servers.valkey import Valkey


class StandalonePostgres(Postgres):
    """A PostgreSQL that its user starts and stops."""

    process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start the server, wait until it accepts connections, and return its URL."""
        self.process = self.launch()
        wait_until(self.is_ready, self.process, seconds=120, log=self.log)
        return self.url

    def stop(self) -> None:
        """Shut down in PostgreSQL's fast mode: open transactions roll back."""
        if self.process is not None:
            stop(self.process, signal.SIGINT, seconds=60)
            self.process = None

    def remove(self) -> None:
        """Delete the data of a stopped server."""
        shutil.rmtree(self.folder, ignore_errors=True)


class StandaloneValkey(Valkey):
    """A Valkey that its user starts and stops."""

    process: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start the server, wait until its data is loaded, and return its URL."""
        self.process = self.launch()
        wait_until(self.is_ready, self.process, seconds=60, log=self.log)
        return self.url

    def stop(self) -> None:
        """Save the data and stop the server."""
        if self.process is not None:
            stop(self.process, signal.SIGTERM, seconds=20)
            self.process = None


def wait_until(
    is_ready: Callable[[], bool], process: subprocess.Popen[bytes], *, seconds: float, log: Path
) -> None:
    """Return once the child is ready; raise StackError with its last log line if it exits or is too slow."""
    end = time.monotonic() + seconds
    while not is_ready():
        if process.poll() is not None:
            raise StackError(f"{log.stem} ended at once: {last_line(log)} (all of it is in {log})")
        if time.monotonic() > end:
            raise StackError(f"{log.stem} is not ready after {seconds:.0f} s; see {log}")
        time.sleep(0.02)
