"""Start and stop child processes that never outlive their parent."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TextIO

LAUNCHER = Path(__file__).with_name("parent_death_signal.py")
SAME_ID = -1


@dataclass(frozen=True, slots=True)
class RunAs:
    """The system user that a child runs as; by default the user of this process."""

    user: int = SAME_ID
    group: int = SAME_ID


CURRENT_USER = RunAs()


@dataclass(frozen=True, slots=True)
class Program:
    """A command, its log and the signal that it gets when its parent dies.

    The default is SIGKILL: web processes and workers recover from it, and their stores end at the same time.
    """

    command: tuple[str, ...]
    log: Path | TextIO
    folder: Path
    death_signal: signal.Signals = signal.SIGKILL
    owner: RunAs = CURRENT_USER
    environment: Mapping[str, str] | None = None


def spawn(program: Program, *, stdin: bytes | None = None) -> subprocess.Popen[bytes]:
    """Start a program in its own session, so that Ctrl-C reaches only its parent.

    Linux sends the death signal when the calling *thread* ends: call it from one that outlives the child.
    """
    launch = (os.getpid(), int(program.death_signal), program.owner.user, program.owner.group)
    with open_log(program.log) as log:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", str(LAUNCHER), *map(str, launch), *program.command],
            stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=program.folder,
            env=None if program.environment is None else dict(program.environment),
            start_new_session=True,
        )
    if stdin is not None and process.stdin is not None:
        process.stdin.write(stdin)
        process.stdin.close()
    return process


@contextmanager
def open_log(path: Path | TextIO) -> Iterator[IO[bytes] | TextIO]:
    """Open the log file for appending, or pass an open stream through."""
    if not isinstance(path, Path):
        path.flush()
        yield path
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as log:
        yield log


def stop(process: subprocess.Popen[bytes], stop_signal: signal.Signals, *, seconds: float) -> None:
    """Signal a child, and kill its whole session if it has not ended after `seconds`."""
    if process.poll() is not None:
        return
    process.send_signal(stop_signal)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.kill()
        process.wait()


def find_free_port() -> int:
    """Return a loopback port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def last_line(log: Path) -> str:
    """Return the last line of a log that is not blank."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "its log is empty"
