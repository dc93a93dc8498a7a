"""The daily budget since midnight: income, spending, the price of quality, and how long the money lasts."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from django.conf import settings
from django.utils import timezone

from aggregator.domain.calendar_day import start_of_day
from aggregator.models import DayPoint

BURN_HOURS = 3
_WON = 1_000_000
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class BudgetPoint:
    """The budget at one moment, in local time; money is in won since midnight."""

    at: dt.datetime
    income: float
    spent: float
    price: float
    quality: float | None


@dataclass(frozen=True, slots=True)
class BudgetHistory:
    """A day until now; money is in won, and `runway` is None where the money does not run out today."""

    subsidy: float
    left: float
    turns: int
    quality: float | None
    runway: dt.timedelta | None
    points: tuple[BudgetPoint, ...]

    @property
    def income(self) -> float:
        """What ads brought in."""
        return self.points[-1].income if self.points else 0.0

    @property
    def spent(self) -> float:
        """What models cost."""
        return self.points[-1].spent if self.points else 0.0

    @property
    def price(self) -> float:
        """The current price of quality."""
        return self.points[-1].price if self.points else 0.0


def read_budget_history(now: dt.datetime | None = None) -> BudgetHistory:
    """Return the history of a moment's day until that moment, in one query."""
    now = timezone.localtime(now or timezone.now())
    rows = list(DayPoint.objects.filter(at__gte=start_of_day(now), at__lte=now).order_by("at"))
    points = _sum_points(rows)
    subsidy = float(settings.DAILY_SUBSIDY_WON)
    left = max(0.0, subsidy + (points[-1].income - points[-1].spent if points else 0.0))
    rated = [row for row in rows if row.quality is not None]
    rated_turns = sum(row.turns for row in rated)
    return BudgetHistory(
        subsidy=subsidy,
        left=left,
        turns=sum(row.turns for row in rows),
        quality=sum((row.quality or 0.0) * row.turns for row in rated) / rated_turns if rated_turns else None,
        runway=_find_runway(rows, left, now),
        points=points,
    )


def _sum_points(rows: Sequence[DayPoint]) -> tuple[BudgetPoint, ...]:
    incomes = accumulate(row.income_micros / _WON for row in rows)
    spendings = accumulate(row.spent_micros / _WON for row in rows)
    return tuple(
        BudgetPoint(timezone.localtime(row.at), income, spent, row.price, row.quality)
        for row, income, spent in zip(rows, incomes, spendings, strict=True)
    )


def _find_runway(rows: Sequence[DayPoint], left: float, now: dt.datetime) -> dt.timedelta | None:
    """Return how long the budget lasts at the pace of the last hours; None where it outlasts the day."""
    since = max(now - dt.timedelta(hours=BURN_HOURS), start_of_day(now))
    recent = [row for row in rows if row.at > now - dt.timedelta(hours=BURN_HOURS)]
    burnt = sum(row.spent_micros - row.income_micros for row in recent) / _WON
    if burnt <= 0:
        return None
    lasting = (now - since).total_seconds() * left / burnt
    rest = _DAY_SECONDS - (now.hour * 3600 + now.minute * 60 + now.second)
    # The budget starts anew at midnight.
    return dt.timedelta(seconds=lasting) if lasting < rest else None
