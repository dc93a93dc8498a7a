"""What an advertiser's ads did: seen, clicked, paid for, by day, campaign and keyword; days are Korean.

Everything is read from the rollups, which are seconds old. A click that was given back counts as invalid, and
its price as not spent.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from django.db.models import QuerySet, Sum
from django.utils import timezone

from ads.domain.accounting_day import day_start, korean_day
from ads.domain.money import WON, format_won
from ads.models import Advertiser, Campaign, Rollup

GroupKey = tuple[object, ...]


@dataclass(slots=True)
class Figures:
    """Counts of one stretch of time; an invalid click is shown and never paid for."""

    impressions: int = 0
    clicks: int = 0
    invalid_clicks: int = 0
    spend_micros: int = 0
    credited_micros: int = 0

    @property
    def click_rate(self) -> float | None:
        """Clicks an impression, or None while nothing was seen."""
        return self.clicks / self.impressions if self.impressions else None

    @property
    def click_price_micros(self) -> int | None:
        """What a click cost on average, or None while there was none."""
        return self.spend_micros // self.clicks if self.clicks else None

    @property
    def spend(self) -> str:
        """The spend in won, as people read it."""
        return format_won(self.spend_micros)

    @property
    def credited(self) -> str:
        """What was given back for invalid clicks, in won, or nothing."""
        return format_won(self.credited_micros) if self.credited_micros else ""

    @property
    def click_price(self) -> str:
        """The average price of a click in whole won, or nothing."""
        price = self.click_price_micros
        return "" if price is None else f"{round(price / WON):,}"

    @property
    def click_rate_text(self) -> str:
        """The click rate as people read it, or nothing."""
        return "" if self.click_rate is None else f"{self.click_rate:.2%}"

    @property
    def cells(self) -> list[object]:
        """The figures as a row of a file, in the order of the table on the page."""
        rate = None if self.click_rate is None else round(self.click_rate, 6)
        won = [self.spend_micros / WON, self.credited_micros / WON]
        return [self.impressions, self.clicks, self.invalid_clicks, rate, *won]

    def add(self, other: "Figures") -> None:
        """Count another stretch in."""
        self.impressions += other.impressions
        self.clicks += other.clicks
        self.invalid_clicks += other.invalid_clicks
        self.spend_micros += other.spend_micros
        self.credited_micros += other.credited_micros


@dataclass(frozen=True, slots=True)
class Period:
    """Days from first to last, both counted."""

    first: datetime.date
    last: datetime.date

    @classmethod
    def until_today(cls, days: int) -> "Period":
        """Return the last so many days, today included."""
        today = korean_day(timezone.now())
        return cls(today - datetime.timedelta(days=days - 1), today)

    @property
    def days(self) -> list[datetime.date]:
        """Every day, oldest first."""
        return [self.first + datetime.timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    @property
    def bounds(self) -> tuple[datetime.datetime, datetime.datetime]:
        """The first moment and the first moment after."""
        start = day_start(self.first)
        return start, start + datetime.timedelta(days=(self.last - self.first).days + 1)


@dataclass(frozen=True, slots=True)
class DayFigures:
    """One day's figures."""

    day: datetime.date
    figures: Figures


@dataclass(frozen=True, slots=True)
class KeywordFigures:
    """What one keyword, matched in one way, brought."""

    text: str
    match: str
    figures: Figures


def figures_by_day(
    advertiser: Advertiser, period: Period, campaign: Campaign | None = None
) -> list[DayFigures]:
    """Return one row a day, newest first, days on which nothing happened included."""
    days = _aggregate(_rollups(advertiser, period, campaign), "bucket")
    figures = {korean_day(cast(datetime.datetime, bucket)): each for (bucket,), each in days.items()}
    return [DayFigures(day, figures.get(day, Figures())) for day in reversed(period.days)]


def figures_by_campaign(advertiser: Advertiser, period: Period) -> dict[int, Figures]:
    """Return the figures of each campaign, by its id, that was seen or clicked."""
    figures = _aggregate(_rollups(advertiser, period), "campaign_id")
    return {cast(int, campaign_id): each for (campaign_id,), each in figures.items()}


def figures_by_keyword(campaign: Campaign, period: Period) -> list[KeywordFigures]:
    """Return one row for each keyword and match that brought something, dearest first."""
    figures = _aggregate(_rollups(campaign.advertiser, period, campaign), "keyword_text", "match")
    rows = [KeywordFigures(str(text), str(match), each) for (text, match), each in figures.items()]
    return sorted(rows, key=lambda row: (-row.figures.spend_micros, -row.figures.impressions, row.text))


def today_and_yesterday(advertiser: Advertiser, now: datetime.datetime) -> tuple[Figures, Figures]:
    """Return today's figures until now, and yesterday's until the same time of day."""
    start = day_start(korean_day(now))
    day = datetime.timedelta(days=1)
    return _between(advertiser, start, now), _between(advertiser, start - day, now - day)


def total(rows: Iterable[DayFigures | KeywordFigures]) -> Figures:
    """Return the sum of all rows."""
    figures = Figures()
    for row in rows:
        figures.add(row.figures)
    return figures


def _rollups(advertiser: Advertiser, period: Period, campaign: Campaign | None = None) -> QuerySet[Rollup]:
    start, end = period.bounds
    rollups = Rollup.objects.filter(grain=Rollup.Grain.DAY, bucket__gte=start, bucket__lt=end)
    if campaign is not None:
        return rollups.filter(campaign=campaign)
    return rollups.filter(campaign__advertiser=advertiser)


def _between(advertiser: Advertiser, start: datetime.datetime, end: datetime.datetime) -> Figures:
    minutes = Rollup.objects.filter(
        campaign__advertiser=advertiser, grain=Rollup.Grain.MINUTE, bucket__gte=start, bucket__lt=end
    )
    return _aggregate(minutes, "grain").get((Rollup.Grain.MINUTE.value,), Figures())


def _aggregate(rollups: QuerySet[Rollup], *names: str) -> dict[GroupKey, Figures]:
    sums = rollups.values_list(*names).annotate(
        seen=Sum("impressions"),
        valid=Sum("clicks") - Sum("credited_clicks"),
        invalid=Sum("invalid_clicks") + Sum("credited_clicks"),
        spend=Sum("spend_micros") - Sum("credited_micros"),
        credited=Sum("credited_micros"),
    )
    return {tuple(row[: len(names)]): Figures(*row[len(names) :]) for row in sums.order_by()}
