"""Creates calibration runs, hands them from process to process, and stores what they ask and find."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from aggregator.domain.sanitize import sanitize_text
from aggregator.models import CalibrationAnswer, CalibrationQuestion, CalibrationRun, Usage, WeightsVersion
from aggregator.pipeline.panel.panel import Outcome

# A process renews its hold much more often; after this time without, another one may take the run over.
HOLD_SECONDS = 30
_STATUS = CalibrationRun.Status
_ENDED = (_STATUS.STOPPED, _STATUS.FAILED, _STATUS.DONE)
# What a model said, or that it cannot say anything to this question; other failures are tried again.
LASTING_ERRORS = frozenset({"", "refused", "context_too_long", "bad_request", "empty"})


@dataclass(frozen=True, slots=True)
class NewQuestion:
    """A question that a run asks, and the right answer as a model would end its own."""

    prompt: str
    gold: str
    language: str
    task: str = ""
    is_held_out: bool = False


@dataclass(frozen=True, slots=True)
class CalibrationOrder:
    """What a run asks of whom, for how much, and what becomes of its weights."""

    source: str
    panel: Sequence[str]
    kind: str = CalibrationRun.Kind.ANSWERS
    budget_micros: int | None = None
    activates: bool = False
    activates_worse: bool = False
    questions: Sequence[NewQuestion] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class FinishedCall:
    """One finished call of a run: what it was for, how it ended, and how long it took."""

    question_id: int
    role: str
    outcome: Outcome
    duration_ms: int
    subject: str = ""


@transaction.atomic
def create_run(order: CalibrationOrder, *, by: User | None = None) -> CalibrationRun:
    """Store a run with its questions; it asks nothing until it is started."""
    run = CalibrationRun.objects.create(
        source=sanitize_text(order.source)[:120],
        panel=list(order.panel),
        kind=order.kind,
        budget_micros=order.budget_micros,
        activates=order.activates,
        activates_worse=order.activates_worse,
        created_by=by,
    )
    CalibrationQuestion.objects.bulk_create(
        CalibrationQuestion(
            run=run,
            position=position,
            prompt=sanitize_text(row.prompt),
            gold=sanitize_text(row.gold),
            language=row.language,
            task=sanitize_text(row.task)[:80],
            is_held_out=row.is_held_out,
        )
        for position, row in enumerate(order.questions)
    )
    return run


def start_run(run_id: int) -> bool:
    """Let a run that is not running run, from where it ended; returns whether it was not running."""
    now = timezone.now()
    waiting = CalibrationRun.objects.filter(pk=run_id).exclude(status=_STATUS.RUNNING)
    changed = waiting.exclude(status=_STATUS.DONE, is_over_budget=False).update(
        status=_STATUS.RUNNING, holder="", held_at=None, error="", is_over_budget=False, ended_at=None,
        started_at=now,
    )  # fmt: skip
    return bool(changed)


def set_budget(run_id: int, budget_micros: int | None) -> None:
    """Change what a run may cost altogether."""
    CalibrationRun.objects.filter(pk=run_id).update(budget_micros=budget_micros)


def cancel_run(run_id: int) -> bool:
    """Stop a run; its process ends the calls that it is making, and what is stored stays."""
    running = CalibrationRun.objects.filter(pk=run_id, status__in=(_STATUS.RUNNING, _STATUS.DRAFT))
    return bool(running.update(status=_STATUS.STOPPED, ended_at=timezone.now()))


def hold_run(run_id: int) -> str | None:
    """Take a running run that no living process holds; returns the name of the hold, or None."""
    now = timezone.now()
    free = Q(held_at=None) | Q(held_at__lt=now - dt.timedelta(seconds=HOLD_SECONDS))
    holder = str(uuid.uuid4())
    taken = CalibrationRun.objects.filter(free, pk=run_id, status=_STATUS.RUNNING)
    return holder if taken.update(holder=holder, held_at=now) else None


def renew_hold(run_id: int, holder: str) -> bool:
    """Renew a hold; returns whether the run is still to be carried out by this process."""
    held = CalibrationRun.objects.filter(pk=run_id, holder=holder, status=_STATUS.RUNNING)
    return bool(held.update(held_at=timezone.now()))


def release_run(run_id: int, holder: str) -> None:
    """Leave a running run to the next process at once."""
    CalibrationRun.objects.filter(pk=run_id, holder=holder).update(holder="", held_at=None)


@transaction.atomic
def store_call(run_id: int, call: FinishedCall) -> None:
    """Store a call's answer, its usage and its cost together; a call that was stored before is not again.

    A call that was stopped is paid for and has no answer.
    """
    outcome, model = call.outcome, call.outcome.slot.model
    usage = Usage(
        call_id=outcome.call_id,
        purpose=Usage.Purpose.CALIBRATE,
        model=model.slug,
        provider=model.provider,
        provider_key_id=model.key_id,
        input_tokens=outcome.usage.input_tokens,
        output_tokens=outcome.usage.output_tokens,
        source=outcome.usage.source,
        cost_micros=outcome.cost_micros,
    )
    if Usage.objects.filter(call_id=outcome.call_id).exists():
        return
    usage.save()
    CalibrationRun.objects.filter(pk=run_id).update(cost_micros=F("cost_micros") + outcome.cost_micros)
    if outcome.status == "stopped":
        return
    CalibrationAnswer.objects.update_or_create(
        question_id=call.question_id,
        role=call.role,
        model=model.slug,
        subject=call.subject,
        defaults={
            "text": sanitize_text(outcome.text),
            "error": outcome.error[:40],
            "finish_reason": outcome.finish_reason[:20],
            "cost_micros": outcome.cost_micros,
            "duration_ms": call.duration_ms,
        },
    )


def store_grades(grades: Mapping[int, bool]) -> None:
    """Store of each answer whether it is right."""
    for is_right in (True, False):
        chosen = [answer for answer, grade in grades.items() if grade is is_right]
        CalibrationAnswer.objects.filter(pk__in=chosen).update(is_right=is_right)


def note_over_budget(run_id: int) -> None:
    """Store that asking ended because of the budget."""
    CalibrationRun.objects.filter(pk=run_id).update(is_over_budget=True)


def finish_run(
    run_id: int, *, report: dict[str, Any], version: WeightsVersion | None = None, error: str = ""
) -> None:
    """Store the result of a run that ended by itself."""
    CalibrationRun.objects.filter(pk=run_id, status=_STATUS.RUNNING).update(
        status=_STATUS.FAILED if error else _STATUS.DONE,
        report=report,
        version=version,
        error=error[:40],
        ended_at=timezone.now(),
    )
