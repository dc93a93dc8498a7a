"""Starts processes that fit weights: of a running calibration that no process carries out, and of live turns.

Fitting takes the processor for a while and loads SciPy, so it is kept out of processes that answer people.
"""

import subprocess
import sys

from django.conf import settings

from aggregator.selectors.calibration_runs import list_stalled_runs
from aggregator.services.calibration_runs import HOLD_SECONDS

# By the number of a run, or the name of a command.
_children: dict[int | str, "subprocess.Popen[bytes]"] = {}
_LEARN = "learn_weights"


def continue_runs() -> int:
    """Start what is to be carried out and is not; returns how many processes were started."""
    _forget_ended()
    stalled = [run_id for run_id in list_stalled_runs(HOLD_SECONDS) if run_id not in _children]
    for run_id in stalled:
        _children[run_id] = _start("calibrate", "--resume", str(run_id), "--yes")
    return len(stalled)


def learn_weights() -> bool:
    """Start to learn from live turns, unless the process of the last time still does."""
    _forget_ended()
    is_free = _LEARN not in _children
    if is_free:
        _children[_LEARN] = _start(_LEARN)
    return is_free


def _forget_ended() -> None:
    for name, child in list(_children.items()):
        # Also collects the exit status of a child that has ended.
        if child.poll() is not None:
            del _children[name]


def _start(*arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 (our own program and a number)
        [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments, "--background"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd=settings.BASE_DIR,
    )
