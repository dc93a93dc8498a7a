"""Child processes that never outlive their parent, and the ports they listen on."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TextIO

from stack.errors import StackError

LAUNCHER = Path(__file__).with_name("parent_death_signal.py")
SAME_ID = -1


@dataclass(frozen=True, slots=True)
class RunAs:
    """The system user whom a child runs as; the default is whoever runs this process."""

    user: int = SAME_ID
    group: int = SAME_ID


CURRENT_USER = RunAs()


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, where its words go and which signal it gets when its parent dies.

    Without its stores, which end then too, a web process or a worker has nothing to end in good order;
    both are made to be killed.
    """

    command: tuple[str, ...]
    log: Path | TextIO
    folder: Path
    death_signal: signal.Signals = signal.SIGKILL
    owner: RunAs = CURRENT_USER
    environment: Mapping[str, str] | None = None


def spawn(program: Program, *, stdin: bytes | None = None) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, so that Ctrl-C reaches it only through its parent.

    Call it from a thread that lives as long as the child should: Linux ends the child with that thread.
    """
    words = (os.getpid(), int(program.death_signal), program.owner.user, program.owner.group)
    with open_log(program.log) as log:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", "-S", str(LAUNCHER), *map(str, words), *program.command],
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
    """Open a child's log, or let it write to a stream of ours."""
    if not isinstance(path, Path):
        path.flush()
        yield path
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as log:
        yield log


def stop(process: subprocess.Popen[bytes], how: signal.Signals, *, seconds: float) -> None:
    """Ask a child to end, and kill it with its whole session when it has not after some seconds."""
    if process.poll() is not None:
        return
    process.send_signal(how)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.kill()
        process.wait()


def find_free_port() -> int:
    """Return a port of the loopback address that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], *, seconds: float, log: Path
) -> None:
    """Return once `ready` says yes; raise the last line of the log when the child ends or takes too long."""
    end = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None:
            raise StackError(f"{log.stem} ended at once: {last_line(log)} (all of it is in {log})")
        if time.monotonic() > end:
            raise StackError(f"{log.stem} is not ready after {seconds:.0f} s; see {log}")
        time.sleep(0.02)


def last_line(log: Path) -> str:
    """Return the last line of a log that says anything."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
