"""The day's price of quality: worked out anew every minute from what came and went, read by every turn."""

import datetime as dt
import math
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone

from aggregator import selectors
from aggregator.catalog import LanguageModel
from aggregator.clock import midnight
from aggregator.models import Candidate, DayPoint, Listing, Turn
from aggregator.pipeline.budget import Pool, Purse
from aggregator.pipeline.menu import COUNCIL, SINGLE, VOTE, as_diner, write_menu
from aggregator.pipeline.pacing import Pace, find_price, settle_turn, start_pace

LOOK_SECONDS = 15.0
KEPT_DAYS = 35
# Before anything is known a day is taken to have this many turns, of prompts so long.
TURNS_OF_A_DAY = 500
_USUAL_TOKENS = 256
_WON = 1_000_000
_DAY_SECONDS = 86_400
_paces: list[tuple[float, Pace]] = []


@dataclass(frozen=True, slots=True)
class _Closed:
    """What ended since the last point: each turn's cost in micros, and what quality was expected of it."""

    costs: tuple[int, ...]
    qualities: tuple[float, ...]


def read_purse(income_micros: int) -> Purse:
    """Return the day's pool and pace; the pace is at most a quarter of a minute old."""
    pool = Pool(income_micros, settings.DAILY_SUBSIDY_WON * _WON, selectors.spent_today())
    return Purse(pool, read_pace())


def read_pace(*, now: float | None = None) -> Pace:
    """Return the price of quality as it stands; where none was ever worked out quality costs nothing yet."""
    moment = time.monotonic() if now is None else now
    if not _paces or moment - _paces[0][0] >= LOOK_SECONDS:
        point = DayPoint.objects.first()
        _paces[:] = [(moment, _pace_of(point) if point else Pace(0.0, math.inf, _usual_income()))]
    return _paces[0][1]


def forget_pace() -> None:
    """Look again at the next chance."""
    _paces.clear()


@transaction.atomic
def keep_pace(
    *, income_micros: int, offer: Sequence[LanguageModel], now: dt.datetime | None = None
) -> DayPoint:
    """Book what came in and went out since the last point, move the price, and keep the point."""
    now = now or timezone.now()
    last = DayPoint.objects.select_for_update().first()
    start = midnight(now)
    is_new_day = last is None or last.at < start
    since = start if last is None or is_new_day else last.at
    booked_income, booked_spent = _sum_booked(start)
    income = max(0, income_micros - booked_income)
    spent = max(0, selectors.spent_between(start, now) - booked_spent)
    seconds = (now - since).total_seconds()
    subsidy = round(settings.DAILY_SUBSIDY_WON * _WON * seconds / _DAY_SECONDS)
    closed = _list_closed(since, now)
    pace = _pace_of(last) if last else start_pace(_usual_income(), _first_price(offer))
    if is_new_day:
        # What a day had over or fell short of is not the next day's.
        pace = Pace(pace.price, 0.0, pace.usual_income)
    waiting = (0 if last is None or is_new_day else last.waiting_micros) + income + subsidy
    if closed.costs:
        pace = _settle(pace, closed.costs, spent, waiting)
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
    DayPoint.objects.filter(at__lt=now - dt.timedelta(days=KEPT_DAYS)).delete()
    forget_pace()
    return point


def _sum_booked(start: dt.datetime) -> tuple[int, int]:
    booked = DayPoint.objects.filter(at__gte=start)
    sums = booked.aggregate(income=Sum("income_micros"), spent=Sum("spent_micros"))
    return sums["income"] or 0, sums["spent"] or 0


def _settle(pace: Pace, costs: Sequence[int], spent: int, income: int) -> Pace:
    """Book turn by turn, as the pace learns from turns; calls that no turn tells of are spread over all."""
    told = sum(costs)
    for cost in costs:
        share = cost / told if told else 1 / len(costs)
        pace = settle_turn(pace, spent * share / _WON, income / len(costs) / _WON)
    return pace


def _list_closed(since: dt.datetime, until: dt.datetime) -> _Closed:
    rows = Turn.objects.filter(closed_at__gt=since, closed_at__lte=until).order_by("closed_at")
    found = list(rows.values_list("cost_micros", "route__quality"))
    return _Closed(
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


def _pace_of(point: DayPoint) -> Pace:
    return Pace(point.price, point.balance, point.usual_income)


def _usual_income() -> float:
    return max(settings.DAILY_SUBSIDY_WON, 1) / TURNS_OF_A_DAY


def _first_price(offer: Sequence[LanguageModel]) -> float:
    """Return the price at which open and checkable questions would cost what a turn usually brings."""
    if not offer:
        return 0.0
    diners = tuple(as_diner(model, _USUAL_TOKENS) for model in offer)
    menus = [
        write_menu(diners, strategies, settings.PANEL_SIZE)
        for strategies in (frozenset({SINGLE, COUNCIL}), frozenset({SINGLE, VOTE}))
    ]
    return find_price(
        [([dish.quality for dish in menu], [dish.cost for dish in menu]) for menu in menus], _usual_income()
    )
