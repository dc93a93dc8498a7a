"""Today's turns, failures and costs, for the admin's dashboard."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils import timezone

from aggregator.domain.calendar_day import start_of_day
from aggregator.models import Candidate, Turn
from aggregator.selectors.usage import spent_between


@dataclass(frozen=True, slots=True)
class ModelDailyStats:
    """How often one language model was called today, and how often it failed."""

    model: str
    calls: int
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
    """Return the figures of the day so far, in the site's time zone, in four queries."""
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
        .annotate(calls=Count("pk"), failed=Count("pk", filter=Q(status=Candidate.Status.FAILED)))
        .order_by("-failed", "-calls", "model")
    )
    return DailyStats(
        cost_micros=spent_between(start, now, with_calibration=True),
        cost_before_micros=spent_between(start - day, now - day, with_calibration=True),
        turns=turns["all"],
        running=turns["running"],
        failed=turns["failed"],
        models=tuple(ModelDailyStats(*row) for row in models),
    )
