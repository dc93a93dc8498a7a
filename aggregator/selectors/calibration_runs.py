"""Reads calibration runs: their questions, what is answered already, and which no process carries out."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import Count, Q
from django.utils import timezone

from aggregator.models import CalibrationAnswer, CalibrationQuestion, CalibrationRun


@dataclass(frozen=True, slots=True)
class ModelProgress:
    """How many questions of a run a model has answered, and failed at."""

    model: str
    answered: int
    failed: int


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run has come: answers to its questions that ended, well or not, altogether and by model."""

    ended: int
    questions: int
    models: tuple[ModelProgress, ...] = field(default=())

    @property
    def planned(self) -> int:
        """How many answers are asked for."""
        return self.questions * len(self.models)

    @property
    def percent(self) -> int:
        """The share of calls that ended, in percent."""
        return min(100, 100 * self.ended // self.planned) if self.planned else 0


def find_run(run_id: int) -> CalibrationRun | None:
    """Return a run, or None."""
    return CalibrationRun.objects.select_related("version").filter(pk=run_id).first()


def list_questions(run_id: int) -> list[CalibrationQuestion]:
    """Return the questions of a run in their order."""
    return list(CalibrationQuestion.objects.filter(run_id=run_id).order_by("position"))


def list_answers(run_id: int) -> dict[int, list[CalibrationAnswer]]:
    """Return the stored answers of a run by question."""
    found: dict[int, list[CalibrationAnswer]] = defaultdict(list)
    for answer in CalibrationAnswer.objects.filter(question__run_id=run_id).order_by("pk"):
        found[answer.question_id].append(answer)
    return found


def list_ended_calls(run_id: int, lasting_errors: Collection[str]) -> set[tuple[int, str, str, str]]:
    """Return which calls of a run need not be made again: question, role, model and subject."""
    rows = CalibrationAnswer.objects.filter(question__run_id=run_id, error__in=lasting_errors)
    return set(rows.values_list("question_id", "role", "model", "subject"))


def measure_progress(run: CalibrationRun) -> RunProgress:
    """Return how far a run has come."""
    candidate = CalibrationAnswer.Role.CANDIDATE
    stored = CalibrationAnswer.objects.filter(question__run_id=run.pk)
    counted = stored.filter(role=candidate).values("model").annotate(
        answered=Count("pk", filter=Q(error="")), failed=Count("pk", filter=~Q(error=""))
    )  # fmt: skip
    rows = {row["model"]: (row["answered"], row["failed"]) for row in counted}
    models = tuple(ModelProgress(slug, *rows.get(slug, (0, 0))) for slug in run.panel)
    ended = sum(row.answered + row.failed for row in models)
    return RunProgress(ended, run.questions.count(), models)


def find_common_errors(run_id: int) -> dict[str, str]:
    """Return the most common error of each model that failed in a run."""
    failed = CalibrationAnswer.objects.filter(question__run_id=run_id).exclude(error="")
    counted = failed.values("model", "error").annotate(times=Count("pk")).order_by("times")
    return {row["model"]: row["error"] for row in counted}


def list_stalled_runs(hold_seconds: int) -> list[int]:
    """Return the running runs that no living process holds."""
    old = timezone.now() - dt.timedelta(seconds=hold_seconds)
    running = CalibrationRun.objects.filter(status=CalibrationRun.Status.RUNNING)
    return list(running.filter(Q(held_at=None) | Q(held_at__lt=old)).values_list("pk", flat=True))
