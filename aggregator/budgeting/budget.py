"""The day's funds and pacing state: updated every minute from income and costs, read by every turn."""

import datetime as dt
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from cachetools import TTLCache, cached
from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from aggregator.budgeting.pacing import PacingState, start_pacing, update_pacing
from aggregator.budgeting.turn_budget import DailyFunds, TurnBudget
from aggregator.domain.calendar_day import start_of_day
from aggregator.models import Candidate, DayPoint, Listing, Turn
from aggregator.selectors.usage import spent_between, spent_today

CHECK_SECONDS = 15.0
RETENTION_DAYS = 35
# The assumed number of turns on a day without any history.
DEFAULT_TURNS_PER_DAY = 500
_WON = 1_000_000
_DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class _ClosedTurns:
    """Turns closed since the last point: costs in micros of won, and expected qualities."""

    costs: tuple[int, ...]
    qualities: tuple[float, ...]


def read_budget(income_micros: int) -> TurnBudget:
    """Return the day's funds and pacing state; the latter is at most CHECK_SECONDS old."""
    pool = DailyFunds(income_micros, settings.DAILY_SUBSIDY_WON * _WON, spent_today())
    return TurnBudget(pool, read_pace())


@cached(TTLCache(1, CHECK_SECONDS), lock=Lock())
def read_pace() -> PacingState:
    """Return the latest pacing state, at most CHECK_SECONDS old; before the first one the price is 0."""
    point = DayPoint.objects.first()
    return _pace_from_point(point) if point else PacingState(0.0, math.inf, default_income())


@transaction.atomic
def update_pace(*, income_micros: int, initial_price: float, now: dt.datetime | None = None) -> DayPoint:
    """Add income and costs since the last point to the pacing state and store it as a new point."""
    now = now or timezone.now()
    last = DayPoint.objects.select_for_update().first()
    start = start_of_day(now)
    is_new_day = last is None or last.at < start
    since = start if last is None or is_new_day else last.at
    booked_income, booked_spent = _sum_booked(start)
    income = max(0, income_micros - booked_income)
    spent = max(0, spent_between(start, now) - booked_spent)
    seconds = (now - since).total_seconds()
    subsidy = round(settings.DAILY_SUBSIDY_WON * _WON * seconds / _DAY_SECONDS)
    closed = _list_closed(since, now)
    pace = _pace_from_point(last) if last else start_pacing(default_income(), initial_price)
    if is_new_day:
        # A balance is not carried over to the next day.
        pace = PacingState(pace.price, 0.0, pace.usual_income)
    waiting = (0 if last is None or is_new_day else last.waiting_micros) + income + subsidy
    if closed.costs:
        pace = _charge_turns(pace, closed.costs, spent, waiting)
        waiting = 0
    point = DayPoint.objects.create(
        at=now,
        income_micros=income,
        subsidy_micros=subsidy,
        spent_micros=spent,
        turns=len(closed.costs),
        quality=sum(closed.qualities) / len(closed.qualities) if closed.qualities else None,
        price=pace.price,
        balance=pace.balance,
        usual_income=pace.usual_income,
        waiting_micros=waiting,
    )
    _count_shown(since, now)
    DayPoint.objects.filter(at__lt=now - dt.timedelta(days=RETENTION_DAYS)).delete()
    read_pace.cache_clear()
    return point


def _sum_booked(start: dt.datetime) -> tuple[int, int]:
    booked = DayPoint.objects.filter(at__gte=start)
    sums = booked.aggregate(income=Sum("income_micros"), spent=Sum("spent_micros"))
    return sums["income"] or 0, sums["spent"] or 0


def _charge_turns(pace: PacingState, costs: Sequence[int], spent: int, income: int) -> PacingState:
    """Update the pacing turn by turn; costs of calls outside turns are spread in proportion."""
    total = sum(costs)
    for cost in costs:
        share = cost / total if total else 1 / len(costs)
        pace = update_pacing(pace, spent * share / _WON, income / len(costs) / _WON)
    return pace


def _list_closed(since: dt.datetime, until: dt.datetime) -> _ClosedTurns:
    rows = Turn.objects.filter(closed_at__gt=since, closed_at__lte=until).order_by("closed_at")
    found = list(rows.values_list("cost_micros", "route__quality"))
    return _ClosedTurns(
        tuple(cost for cost, _ in found),
        tuple(float(quality) for _, quality in found if quality is not None),
    )


def _count_shown(since: dt.datetime, until: dt.datetime) -> None:
    shown = Counter(
        Candidate.objects.filter(
            turn__closed_at__gt=since, turn__closed_at__lte=until, status=Candidate.Status.DONE
        ).values_list("model", flat=True)
    )
    for slug, times in shown.items():
        Listing.objects.filter(slug=slug).update(shown=F("shown") + times)


def _pace_from_point(point: DayPoint) -> PacingState:
    return PacingState(point.price, point.balance, point.usual_income)


def default_income() -> float:
    """Return the assumed income of a turn on a site without history, in won."""
    return max(settings.DAILY_SUBSIDY_WON, 1) / DEFAULT_TURNS_PER_DAY
