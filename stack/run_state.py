"""HOME/run: where the running stack serves what, and the lock that lets one stack run on a home."""

import fcntl
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from stack.errors import StackError


@dataclass(slots=True)
class RunState:
    """What config.data_dir.read_address reads, and the processes that an unclean end may leave."""

    database: str = ""
    redis: str = ""
    site: str = ""
    models: dict[str, str] = field(default_factory=dict)
    pids: dict[str, int] = field(default_factory=dict)
    born: dict[str, float] = field(default_factory=dict)

    def remember(self, name: str, pid: int) -> None:
        """Note a child, and when it was born: process numbers are given out again."""
        with suppress(psutil.NoSuchProcess):
            self.pids[name] = pid
            self.born[name] = psutil.Process(pid).create_time()

    def write(self, home: Path) -> None:
        """Write the file so that a reader sees all of it or none; it holds passwords."""
        path = home / "run" / "stack.json"
        scratch = path.with_name(f".stack.{os.getpid()}")
        scratch.touch(mode=0o600)
        scratch.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        scratch.rename(path)


@contextmanager
def lock_data_dir(home: Path) -> Iterator[None]:
    """Be the only stack on this home; the kernel lets go of the lock however this process ends."""
    run = home / "run"
    try:
        run.mkdir(parents=True, exist_ok=True)
        lock = (run / "lock").open("a+", encoding="ascii")
    except OSError as error:
        raise StackError(f"{run}: {error.strerror}; set JJAMPPONG_HOME to a folder of yours") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise StackError(
                f"another start (process {holder}) runs on {home}: stop it, or give this one a JJAMPPONG_HOME"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        stop_orphans(home)
        try:
            yield
        finally:
            (run / "stack.json").unlink(missing_ok=True)


def is_locked(home: Path) -> bool:
    """Tell whether a stack runs (or starts) on this home."""
    try:
        with (home / "run" / "lock").open("r", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def stop_orphans(home: Path) -> None:
    """End what a stack that was killed has left; its children end by themselves, but may not have yet."""
    path = home / "run" / "stack.json"
    try:
        old = RunState(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return
    processes = []
    for name, pid in old.pids.items():
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            if abs(process.create_time() - old.born.get(name, 0)) < 1:
                process.send_signal(signal.SIGINT if name == "postgres" else signal.SIGTERM)
                processes.append(process)
    _, alive = psutil.wait_procs(processes, timeout=15)
    for process in alive:
        process.kill()
    path.unlink(missing_ok=True)
