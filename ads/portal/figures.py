"""What an advertiser's ads did: seen, clicked, paid for, by day, campaign and keyword; days are Korean."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from ads.leases import KOREA, korean_day
from ads.models import Advertiser, Campaign, Click, Impression
from ads.money import WON, format_won

VALID_CLICK = ~Q(verdict=Click.Verdict.INVALID)
INVALID_CLICK = Q(verdict=Click.Verdict.INVALID)
LATE = datetime.timedelta(days=2)

Key = tuple[object, ...]


@dataclass(slots=True)
class Figures:
    """Counts of one stretch of time; an invalid click is shown and never paid for."""

    impressions: int = 0
    clicks: int = 0
    invalid_clicks: int = 0
    spend_micros: int = 0

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
        return [self.impressions, self.clicks, self.invalid_clicks, rate, self.spend_micros / WON]

    def add(self, other: "Figures") -> None:
        """Count another stretch in."""
        self.impressions += other.impressions
        self.clicks += other.clicks
        self.invalid_clicks += other.invalid_clicks
        self.spend_micros += other.spend_micros


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
        start = datetime.datetime.combine(self.first, datetime.time(), KOREA)
        return start, start + datetime.timedelta(days=(self.last - self.first).days + 1)


@dataclass(frozen=True, slots=True)
class DayRow:
    """One day's figures."""

    day: datetime.date
    figures: Figures


@dataclass(frozen=True, slots=True)
class KeywordRow:
    """What one keyword, matched in one way, brought."""

    text: str
    match: str
    figures: Figures


def by_day(advertiser: Advertiser, period: Period, campaign: Campaign | None = None) -> list[DayRow]:
    """Return one row a day, newest first, days on which nothing happened included."""
    seen = _seen(advertiser, period, campaign).annotate(seen_on=TruncDate("created_at", tzinfo=KOREA))
    figures = _grouped(seen, ("seen_on",), _clicked(advertiser, period, campaign), ("day",))
    return [DayRow(day, figures.get((day,), Figures())) for day in reversed(period.days)]


def by_campaign(advertiser: Advertiser, period: Period) -> dict[int, Figures]:
    """Return the figures of each campaign, by its id, that was seen or clicked."""
    figures = _grouped(
        _seen(advertiser, period), ("offer__campaign_id",), _clicked(advertiser, period), ("campaign_id",)
    )
    return {cast(int, campaign_id): each for (campaign_id,), each in figures.items()}


def by_keyword(campaign: Campaign, period: Period) -> list[KeywordRow]:
    """Return one row for each keyword and match that brought something, dearest first."""
    advertiser, names = campaign.advertiser, ("offer__keyword_text", "offer__match")
    figures = _grouped(
        _seen(advertiser, period, campaign), names, _clicked(advertiser, period, campaign), names
    )
    rows = [KeywordRow(str(text), str(match), each) for (text, match), each in figures.items()]
    return sorted(rows, key=lambda row: (-row.figures.spend_micros, -row.figures.impressions, row.text))


def so_far(advertiser: Advertiser, now: datetime.datetime) -> tuple[Figures, Figures]:
    """Return today's figures until now, and yesterday's until the same time of day."""
    start = datetime.datetime.combine(korean_day(now), datetime.time(), KOREA)
    day = datetime.timedelta(days=1)
    return _between(advertiser, start, now), _between(advertiser, start - day, now - day)


def total(rows: Iterable[DayRow | KeywordRow]) -> Figures:
    """Return the sum of all rows."""
    figures = Figures()
    for row in rows:
        figures.add(row.figures)
    return figures


def _grouped(
    seen: QuerySet[Impression],
    seen_names: Sequence[str],
    clicked: QuerySet[Click],
    click_names: Sequence[str],
) -> dict[Key, Figures]:
    figures: dict[Key, Figures] = defaultdict(Figures)
    for *key, count in seen.values_list(*seen_names).annotate(count=Count("pk")).order_by():
        figures[tuple(key)].impressions += count
    clicks = clicked.values_list(*click_names).annotate(
        valid=Count("pk", filter=VALID_CLICK),
        invalid=Count("pk", filter=INVALID_CLICK),
        spend=Sum("price_micros"),
    )
    for *key, valid, invalid, spend in clicks.order_by():
        figures[tuple(key)].add(Figures(0, valid, invalid, spend))
    return dict(figures)


def _seen(advertiser: Advertiser, period: Period, campaign: Campaign | None = None) -> QuerySet[Impression]:
    start, end = period.bounds
    seen = Impression.objects.filter(
        created_at__gte=start, created_at__lt=end, verdict=Impression.Verdict.VALID
    )
    # The offer's own time lets its index narrow the join; an offer is seen within hours or never.
    seen = seen.filter(offer__created_at__gte=start - LATE, offer__created_at__lt=end)
    if campaign is not None:
        return seen.filter(offer__campaign=campaign)
    return seen.filter(offer__campaign__advertiser=advertiser)


def _clicked(advertiser: Advertiser, period: Period, campaign: Campaign | None = None) -> QuerySet[Click]:
    clicked = Click.objects.filter(day__gte=period.first, day__lte=period.last)
    if campaign is not None:
        return clicked.filter(campaign=campaign)
    return clicked.filter(campaign__advertiser=advertiser)


def _between(advertiser: Advertiser, start: datetime.datetime, end: datetime.datetime) -> Figures:
    seen = Impression.objects.filter(
        offer__campaign__advertiser=advertiser,
        created_at__gte=start,
        created_at__lt=end,
        verdict=Impression.Verdict.VALID,
    ).count()
    clicks = Click.objects.filter(
        campaign__advertiser=advertiser, created_at__gte=start, created_at__lt=end
    ).aggregate(
        valid=Count("pk", filter=VALID_CLICK),
        invalid=Count("pk", filter=INVALID_CLICK),
        spend=Sum("price_micros"),
    )
    return Figures(seen, clicks["valid"], clicks["invalid"], clicks["spend"] or 0)
