import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil

from stack.processes import Program, spawn
from stack.progress import Console, DownloadBar
from stack.run_state import RunState
from stack.supervisor import Child, Supervisor

ROOT = Path(__file__).resolve().parent.parent.parent


def make_child(folder: Path, *command: str, rank: int = 0) -> Child:
    program = Program(command, log=folder / f"{command[-1]}.log", folder=folder)
    return Child(
        name=command[-1], start=lambda: spawn(program), is_ready=lambda: True, log=folder / "log", rank=rank
    )


def make_supervisor(output: io.StringIO) -> Supervisor:
    return Supervisor(Console(output), RunState(), lambda: None)


def tick_until(supervisor: Supervisor, is_done: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not is_done():
        assert time.monotonic() < end
        supervisor.tick()
        time.sleep(0.02)


def test_an_exited_child_is_reported_and_restarted(tmp_path: Path) -> None:
    output = io.StringIO()
    supervisor = make_supervisor(output)
    child = supervisor.add(make_child(tmp_path, "/bin/sleep", "60"))
    tick_until(supervisor, lambda: child.ready)
    assert child.process is not None
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    tick_until(supervisor, lambda: child.process is not None and child.process.pid != first and child.ready)
    supervisor.stop()
    assert "60 ended by itself (code -9); it starts again in 1 s" in output.getvalue()


def test_a_child_that_keeps_exiting_is_restarted_with_growing_delays(tmp_path: Path) -> None:
    output = io.StringIO()
    supervisor = make_supervisor(output)
    supervisor.add(make_child(tmp_path, "/bin/false"))
    tick_until(supervisor, lambda: "again in 2 s" in output.getvalue())
    supervisor.stop()
    assert "again in 1 s" in output.getvalue()


def test_children_are_stopped_in_descending_rank(tmp_path: Path) -> None:
    supervisor = make_supervisor(io.StringIO())
    children = []
    for name, rank in (("database", 0), ("site", 4), ("model", 2)):
        script = f"trap 'echo {name} >> ended; exit 0' TERM; echo up >> {name}; while :; do sleep 0.05; done"
        program = Program(("/bin/sh", "-c", script), log=tmp_path / "log", folder=tmp_path)
        start = partial(spawn, program)
        child = Child(name, start, (tmp_path / name).exists, tmp_path / "log", rank=rank)
        children.append(supervisor.add(child))
    tick_until(supervisor, lambda: all(child.ready for child in children))
    supervisor.stop()
    assert (tmp_path / "ended").read_text(encoding="ascii").split() == ["site", "model", "database"]


def test_a_child_dies_with_its_killed_parent(tmp_path: Path) -> None:
    code = (
        "import time\nfrom pathlib import Path\nfrom stack.processes import Program, spawn\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "print(spawn(Program(('/bin/sleep', '64'), log=folder / 'log', folder=folder)).pid, flush=True)\n"
        "time.sleep(60)"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:  # noqa: S603
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    gone, _ = psutil.wait_procs([child], timeout=10)
    assert gone or child.status() == psutil.STATUS_ZOMBIE


def test_a_download_writes_a_line_per_ten_percent_without_a_terminal() -> None:
    output = io.StringIO()
    bar = DownloadBar(Console(output), "demo", 1000)
    for _ in range(100):
        bar.advance(10)
    bar.finish()
    lines = output.getvalue().splitlines()
    assert len(lines) == 10
    assert "100%" in lines[-1]
