"""Starts a process for every running calibration that no living process carries out.

Fitting takes the processor for a while and loads SciPy, so it is kept out of processes that answer people.
"""

import subprocess
import sys

from django.conf import settings

from aggregator.selectors.calibration_runs import list_stalled_runs
from aggregator.services.calibration_runs import HOLD_SECONDS

_children: dict[int, "subprocess.Popen[bytes]"] = {}


def continue_runs() -> int:
    """Start what is to be carried out and is not; returns how many processes were started."""
    for run_id, child in list(_children.items()):
        # Also collects the exit status of a child that has ended.
        if child.poll() is not None:
            del _children[run_id]
    stalled = [run_id for run_id in list_stalled_runs(HOLD_SECONDS) if run_id not in _children]
    for run_id in stalled:
        _children[run_id] = _start_process(run_id)
    return len(stalled)


def _start_process(run_id: int) -> "subprocess.Popen[bytes]":
    program = [sys.executable, str(settings.BASE_DIR / "manage.py"), "calibrate"]
    return subprocess.Popen(  # noqa: S603 (our own program and a number)
        [*program, "--resume", str(run_id), "--yes", "--background"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd=settings.BASE_DIR,
    )
