"""The day's curve: what came in and went out, what quality cost and promised, how long the money lasts."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from django.conf import settings
from django.utils import timezone

from aggregator.domain.calendar_day import start_of_day
from aggregator.models import DayPoint

WIDTH, HEIGHT = 400, 180
LEFT, RIGHT, TOP, BOTTOM = 60, 10, 12, 26
BURN_HOURS = 3
_WON = 1_000_000
_DAY_SECONDS = 86_400
_ROUND_STEPS = (1, 2, 5, 10)
_MARKED_HOURS = (0, 6, 12, 18, 24)
_HOVER_AREAS = 96


@dataclass(frozen=True, slots=True)
class ChartLine:
    """One line of a chart: its name as CSS knows it, and the points as SVG wants them."""

    name: str
    points: str


@dataclass(frozen=True, slots=True)
class HoverArea:
    """A stretch of the day to point at, and what it says."""

    x: float
    width: float
    at: dt.datetime
    amounts: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class GridLine:
    """A height to read the lines against."""

    y: float
    amount: float


@dataclass(frozen=True, slots=True)
class HourTick:
    """A mark on the clock."""

    x: float
    hour: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that a template draws of one chart."""

    lines: tuple[ChartLine, ...]
    levels: tuple[GridLine, ...]
    spots: tuple[HoverArea, ...]
    hours: tuple[HourTick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT


@dataclass(frozen=True, slots=True)
class BudgetHistory:
    """A day until now, in won; `runway` is None where the money does not run out."""

    income: float
    subsidy: float
    spent: float
    left: float
    turns: int
    price: float
    quality: float | None
    runway: dt.timedelta | None
    money: Chart
    prices: Chart
    qualities: Chart

    @property
    def covered_percent(self) -> int | None:
        """The share of what models cost that ads have paid, in percent."""
        return round(100 * self.income / self.spent) if self.spent else None


def read_budget_history(now: dt.datetime | None = None) -> BudgetHistory:
    """Return the curve of the day of a moment, in one query."""
    now = timezone.localtime(now or timezone.now())
    start = start_of_day(now)
    points = list(DayPoint.objects.filter(at__gte=start, at__lte=now).order_by("at"))
    income = _cumulate(points, lambda point: point.income_micros / _WON)
    spent = _cumulate(points, lambda point: point.spent_micros / _WON)
    subsidy = float(settings.DAILY_SUBSIDY_WON)
    left = max(0.0, (income[-1] if points else 0.0) + subsidy - (spent[-1] if points else 0.0))
    told = [point for point in points if point.quality is not None]
    weighed = sum(point.turns for point in told)
    places = [(point.at - start).total_seconds() / _DAY_SECONDS for point in points]
    moments = [timezone.localtime(point.at) for point in points]
    qualities = [(place, point.quality or 0.0) for place, point in zip(places, points, strict=True)]
    known = [pair for pair, point in zip(qualities, points, strict=True) if point.quality is not None]
    return BudgetHistory(
        income=income[-1] if points else 0.0,
        subsidy=subsidy,
        spent=spent[-1] if points else 0.0,
        left=left,
        turns=sum(point.turns for point in points),
        price=points[-1].price if points else 0.0,
        quality=sum((p.quality or 0.0) * p.turns for p in told) / weighed if weighed else None,
        runway=_find_runway(points, left, now),
        money=_draw_chart({"income": income, "spent": spent}, places, moments),
        prices=_draw_chart({"price": [point.price for point in points]}, places, moments),
        qualities=_draw_chart(
            {"quality": [quality for _, quality in known]},
            [place for place, _ in known],
            [moment for moment, point in zip(moments, points, strict=True) if point.quality is not None],
            top=1.0,
        ),
    )


def _cumulate(points: Sequence[DayPoint], amount: Callable[[DayPoint], float]) -> list[float]:
    return list(accumulate(amount(point) for point in points))


def _find_runway(points: Sequence[DayPoint], left: float, now: dt.datetime) -> dt.timedelta | None:
    """Return how long the pool lasts if the last hours go on, or None when ads pay for them."""
    since = now - dt.timedelta(hours=BURN_HOURS)
    late = [point for point in points if point.at > since]
    burnt = sum(point.spent_micros - point.income_micros for point in late) / _WON
    if burnt <= 0:
        return None
    first = max(since, start_of_day(now))
    lasting = (now - first).total_seconds() * left / burnt
    rest = _DAY_SECONDS - (now.hour * 3600 + now.minute * 60 + now.second)
    # At midnight the pool fills anew.
    return dt.timedelta(seconds=lasting) if lasting < rest else None


def _draw_chart(
    named: dict[str, list[float]], places: Sequence[float], moments: Sequence[dt.datetime], top: float = 0.0
) -> Chart:
    top = top or _round_up(max((max(amounts, default=0.0) for amounts in named.values()), default=0.0))
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def across(place: float) -> float:
        return round(LEFT + wide * place, 1)

    def down(amount: float) -> float:
        return round(TOP + high * (1 - min(1.0, amount / top)), 1)

    lines = [
        ChartLine(name, " ".join(f"{across(p)},{down(a)}" for p, a in zip(places, amounts, strict=True)))
        for name, amounts in named.items()
    ]
    rows = list(zip(places, moments, *named.values(), strict=True))
    rows = rows[:: -(-len(rows) // _HOVER_AREAS)] if rows else []
    spots = [
        HoverArea(across(place), round(wide / _HOVER_AREAS, 1), moment, tuple(amounts))
        for place, moment, *amounts in rows
    ]
    levels = [GridLine(down(top * share), top * share) for share in (0.0, 0.5, 1.0)]
    hours = [HourTick(across(hour / 24), hour) for hour in _MARKED_HOURS]
    return Chart(tuple(lines), tuple(levels), tuple(spots), tuple(hours))


def _round_up(amount: float) -> float:
    """Return the next round number above, for any size of number."""
    power = 1e-6
    while amount > power * 10:
        power *= 10
    return next(power * step for step in _ROUND_STEPS if amount <= power * step)
