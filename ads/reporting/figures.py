"""An advertiser's figures by Korean day, campaign and keyword: impressions, clicks and spend.

They are read from the rollups, which are seconds old. A credited click counts as invalid and is not part of
the spend.
"""

import datetime
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import cast

from django.db.models import QuerySet, Sum
from django.utils import timezone

from ads.domain.accounting_day import day_start, korean_day
from ads.domain.money import WON
from ads.models import Advertiser, Campaign, Rollup

GroupKey = tuple[object, ...]


@dataclass(slots=True)
class Figures:
    """The counts of a period; invalid clicks are reported and not charged."""

    impressions: int = 0
    clicks: int = 0
    invalid_clicks: int = 0
    spend_micros: int = 0
    credited_micros: int = 0

    @property
    def click_rate(self) -> float | None:
        """Clicks per impression; None without impressions."""
        return self.clicks / self.impressions if self.impressions else None

    @property
    def click_price_micros(self) -> int | None:
        """The average price of a click; None without clicks."""
        return self.spend_micros // self.clicks if self.clicks else None

    @property
    def click_rate_text(self) -> str:
        """The click rate in percent; empty without impressions."""
        return "" if self.click_rate is None else f"{self.click_rate:.2%}"

    @property
    def cells(self) -> list[object]:
        """The figures as cells of a CSV row; money is in won."""
        rate = None if self.click_rate is None else round(self.click_rate, 6)
        won = [self.spend_micros / WON, self.credited_micros / WON]
        return [self.impressions, self.clicks, self.invalid_clicks, rate, *won]


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `first` to `last`, both included."""

    first: datetime.date
    last: datetime.date

    @classmethod
    def until_today(cls, days: int) -> "Period":
        """Return the last days, today included."""
        today = korean_day(timezone.now())
        return cls(today - datetime.timedelta(days=days - 1), today)

    @property
    def days(self) -> list[datetime.date]:
        """Every day, oldest first."""
        return [self.first + datetime.timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    @property
    def bounds(self) -> tuple[datetime.datetime, datetime.datetime]:
        """The start of the first day, and the end of the last."""
        start = day_start(self.first)
        return start, start + datetime.timedelta(days=(self.last - self.first).days + 1)


@dataclass(frozen=True, slots=True)
class DayFigures:
    """One day's figures."""

    day: datetime.date
    figures: Figures


@dataclass(frozen=True, slots=True)
class KeywordFigures:
    """The figures of one keyword and match type."""

    text: str
    match: str
    figures: Figures


def figures_by_day(
    advertiser: Advertiser, period: Period, campaign: Campaign | None = None
) -> list[DayFigures]:
    """Return one row per day, newest first, days without traffic included."""
    days = _aggregate(_rollups(advertiser, period, campaign), "bucket")
    figures = {korean_day(cast(datetime.datetime, bucket)): each for (bucket,), each in days.items()}
    return [DayFigures(day, figures.get(day, Figures())) for day in reversed(period.days)]


def figures_by_campaign(advertiser: Advertiser, period: Period) -> dict[int, Figures]:
    """Return the figures of campaigns with traffic, by campaign id."""
    figures = _aggregate(_rollups(advertiser, period), "campaign_id")
    return {cast(int, campaign_id): each for (campaign_id,), each in figures.items()}


def figures_by_keyword(campaign: Campaign, period: Period) -> list[KeywordFigures]:
    """Return one row per keyword and match type with traffic, highest spend first."""
    figures = _aggregate(_rollups(campaign.advertiser, period, campaign), "keyword_text", "match")
    rows = [KeywordFigures(str(text), str(match), each) for (text, match), each in figures.items()]
    return sorted(rows, key=lambda row: (-row.figures.spend_micros, -row.figures.impressions, row.text))


def today_and_yesterday(advertiser: Advertiser, now: datetime.datetime) -> tuple[Figures, Figures]:
    """Return the figures of today until now, and of yesterday until the same time."""
    start = day_start(korean_day(now))
    day = datetime.timedelta(days=1)
    rollups = Rollup.objects.filter(campaign__advertiser=advertiser)
    return figures_between(start, now, rollups), figures_between(start - day, now - day, rollups)


def figures_between(
    start: datetime.datetime, end: datetime.datetime, rollups: QuerySet[Rollup] | None = None
) -> Figures:
    """Return the figures of whole minutes of these rollups, or of the whole market."""
    minutes = Rollup.objects.all() if rollups is None else rollups
    minutes = minutes.filter(grain=Rollup.Grain.MINUTE, bucket__gte=start, bucket__lt=end)
    return _aggregate(minutes, "grain").get((Rollup.Grain.MINUTE.value,), Figures())


def sum_figures(rows: Iterable[DayFigures | KeywordFigures]) -> Figures:
    """Return the sum of all rows."""
    return Figures(*map(sum, zip(*(astuple(row.figures) for row in rows), strict=True)))


def _rollups(advertiser: Advertiser, period: Period, campaign: Campaign | None = None) -> QuerySet[Rollup]:
    start, end = period.bounds
    rollups = Rollup.objects.filter(grain=Rollup.Grain.DAY, bucket__gte=start, bucket__lt=end)
    if campaign is not None:
        return rollups.filter(campaign=campaign)
    return rollups.filter(campaign__advertiser=advertiser)


def _aggregate(rollups: QuerySet[Rollup], *names: str) -> dict[GroupKey, Figures]:
    sums = rollups.values_list(*names).annotate(
        seen=Sum("impressions"),
        valid=Sum("clicks") - Sum("credited_clicks"),
        invalid=Sum("invalid_clicks") + Sum("credited_clicks"),
        spend=Sum("spend_micros") - Sum("credited_micros"),
        credited=Sum("credited_micros"),
    )
    return {tuple(row[: len(names)]): Figures(*row[len(names) :]) for row in sums.order_by()}
