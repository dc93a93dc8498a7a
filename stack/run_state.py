"""The `run` folder of a data directory: the state that a running stack publishes, and its lock."""

import fcntl
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from config.data_dir import read_run_state, run_state_path
from stack.errors import StackError

ORPHAN_STOP_SECONDS = 15


@dataclass(slots=True)
class RunState:
    """The content of run/stack.json: URLs that config.data_dir reads, and child processes by name."""

    database: str = ""
    redis: str = ""
    site: str = ""
    models: dict[str, str] = field(default_factory=dict)
    pids: dict[str, int] = field(default_factory=dict)
    # Start times, in seconds since the epoch: pids are reused.
    born: dict[str, float] = field(default_factory=dict)

    def record_process(self, name: str, pid: int) -> None:
        """Record a child process and its start time."""
        with suppress(psutil.NoSuchProcess):
            self.pids[name] = pid
            self.born[name] = psutil.Process(pid).create_time()

    def write(self, data_dir: Path) -> None:
        """Replace the file atomically; it holds passwords, so only its owner can read it."""
        path = run_state_path(data_dir)
        temporary = path.with_name(f".stack.{os.getpid()}")
        temporary.touch(mode=0o600)
        temporary.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        temporary.rename(path)


@contextmanager
def lock_data_dir(data_dir: Path) -> Iterator[None]:
    """Hold the data directory exclusively; the kernel releases the lock however this process ends."""
    run = data_dir / "run"
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
                f"another start (process {holder}) runs on {data_dir}: "
                "stop it, or give this one a JJAMPPONG_HOME"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        stop_orphans(data_dir)
        try:
            yield
        finally:
            run_state_path(data_dir).unlink(missing_ok=True)


def is_locked(data_dir: Path) -> bool:
    """Return whether a stack runs or starts on this data directory."""
    try:
        with (data_dir / "run" / "lock").open("r", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def stop_orphans(data_dir: Path) -> None:
    """Stop the processes of a stack that was killed; their death signal may still be under way."""
    try:
        old = RunState(**read_run_state(data_dir))
    except TypeError:
        return
    processes = []
    for name, pid in old.pids.items():
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            if abs(process.create_time() - old.born.get(name, 0)) < 1:
                process.send_signal(signal.SIGINT if name == "postgres" else signal.SIGTERM)
                processes.append(process)
    _, alive = psutil.wait_procs(processes, timeout=ORPHAN_STOP_SECONDS)
    for process in alive:
        process.kill()
    run_state_path(data_dir).unlink(missing_ok=True)
