"""A running calibration that no process carries out gets one process; so does learning from live turns."""

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.utils import timezone

from aggregator.calibration import processes
from aggregator.models import CalibrationRun
from aggregator.services.calibration_runs import (
    CalibrationOrder,
    cancel_run,
    create_run,
    hold_run,
    renew_hold,
    start_run,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, ...]]]:
    """Start processes that wait in place of the commands; returns the commands."""
    started: list[tuple[str, ...]] = []
    children = []

    def start(*arguments: str) -> "subprocess.Popen[bytes]":
        started.append(arguments)
        waiting = [sys.executable, "-c", "input()"]
        children.append(subprocess.Popen(waiting, stdin=subprocess.PIPE))  # noqa: S603 (our own program)
        return children[-1]

    monkeypatch.setattr(processes, "_start", start)
    monkeypatch.setattr(processes, "_children", {})
    yield started
    for child in children:
        child.communicate(b"\n")


def start_stalled() -> CalibrationRun:
    """Store a running calibration that nobody holds."""
    run = create_run(CalibrationOrder("sums.csv", ("one", "two")))
    start_run(run.pk)
    return run


def test_a_stalled_calibration_is_started_once(commands: list[tuple[str, ...]]) -> None:
    run = start_stalled()

    assert (processes.continue_runs(), processes.continue_runs()) == (1, 0)
    assert commands == [("calibrate", "--resume", str(run.pk), "--yes")]


def test_what_is_held_or_stopped_is_not_started(commands: list[tuple[str, ...]]) -> None:
    held, stopped = start_stalled(), start_stalled()
    holder = hold_run(held.pk)
    cancel_run(stopped.pk)

    assert holder and hold_run(held.pk) is None
    assert processes.continue_runs() == 0
    # The process that held it died a while ago.
    CalibrationRun.objects.filter(pk=held.pk).update(held_at=timezone.now() - dt.timedelta(minutes=1))
    assert processes.continue_runs() == 1
    assert hold_run(held.pk) and not renew_hold(held.pk, holder)


def test_learning_does_not_begin_while_the_last_one_goes_on(commands: list[tuple[str, ...]]) -> None:
    assert (processes.learn_weights(), processes.learn_weights()) == (True, False)
    assert commands == [("learn_weights",)]
