"""What the kitchen did today, for whoever runs it."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Q, Sum
from django.utils import timezone

from aggregator.domain.calendar_day import start_of_day
from aggregator.models import Candidate, Turn, Usage


@dataclass(frozen=True, slots=True)
class ModelDailyStats:
    """How one language model did today."""

    model: str
    asked: int
    failed: int


@dataclass(frozen=True, slots=True)
class DailyStats:
    """Today until now, and yesterday's cost until the same time."""

    cost_micros: int
    cost_before_micros: int
    turns: int
    running: int
    failed: int
    models: tuple[ModelDailyStats, ...]


def read_daily_stats(now: dt.datetime | None = None) -> DailyStats:
    """Return the kitchen's day, counted in the site's time zone, in four queries."""
    now = now or timezone.now()
    start = start_of_day(now)
    day = dt.timedelta(days=1)
    turns = Turn.objects.filter(opened_at__gte=start, opened_at__lt=now).aggregate(
        all=Count("pk"),
        running=Count("pk", filter=Q(status=Turn.Status.RUNNING)),
        failed=Count("pk", filter=Q(status=Turn.Status.FAILED)),
    )
    models = (
        Candidate.objects.filter(turn__opened_at__gte=start, turn__opened_at__lt=now)
        .values_list("model")
        .annotate(asked=Count("pk"), failed=Count("pk", filter=Q(status=Candidate.Status.FAILED)))
        .order_by("-failed", "-asked", "model")
    )
    return DailyStats(
        cost_micros=_cost_between(start, now),
        cost_before_micros=_cost_between(start - day, now - day),
        turns=turns["all"],
        running=turns["running"],
        failed=turns["failed"],
        models=tuple(ModelDailyStats(*row) for row in models),
    )


def _cost_between(start: dt.datetime, end: dt.datetime) -> int:
    spent = Usage.objects.filter(created_at__gte=start, created_at__lt=end).aggregate(
        total=Sum("cost_micros")
    )
    return spent["total"] or 0
