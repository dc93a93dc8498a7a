"""What the market did today, for whoever runs it."""

import datetime
from dataclasses import dataclass

from django.db.models import Sum
from django.utils import timezone

from ads.leases import KOREA, korean_day
from ads.ledger import is_frozen
from ads.models import Account, Complaint, Creative, Entry, Rollup


@dataclass(frozen=True, slots=True)
class MarketDay:
    """Today until now, yesterday until the same time, and what waits for a person."""

    income_micros: int
    income_before_micros: int
    impressions: int
    clicks: int
    invalid_clicks: int
    wallets_micros: int
    waiting: int
    complaints: int
    is_frozen: bool


def day_summary(now: datetime.datetime | None = None) -> MarketDay:
    """Return the market's day, counted in Korea, from the rollups of its minutes."""
    now = now or timezone.now()
    start = datetime.datetime.combine(korean_day(now), datetime.time(), KOREA)
    day = datetime.timedelta(days=1)
    today = _figures_between(start, now)
    wallets = Account.objects.filter(kind=Account.Kind.WALLET).aggregate(total=Sum("balance_micros"))
    return MarketDay(
        income_micros=today["income"] or 0,
        income_before_micros=_figures_between(start - day, now - day)["income"] or 0,
        impressions=today["seen"] or 0,
        clicks=today["valid"] or 0,
        invalid_clicks=today["invalid"] or 0,
        wallets_micros=wallets["total"] or 0,
        waiting=Creative.objects.filter(review=Creative.Review.WAITING).count(),
        complaints=Complaint.objects.filter(created_at__gte=start).count(),
        is_frozen=is_frozen(),
    )


def income_of_day(day: datetime.date) -> int:
    """Return what the ledger booked as revenue on a Korean day less what it gave back, in micros of won.

    A credit counts on the day it is given, whichever day its click was of: that is when the money leaves. So
    the days' incomes sum to the revenue account, and nothing is earned twice or kept after it was returned.
    """
    start = datetime.datetime.combine(day, datetime.time(), KOREA)
    moved = Entry.objects.filter(
        account__kind=Account.Kind.REVENUE,
        transaction__created_at__gte=start,
        transaction__created_at__lt=start + datetime.timedelta(days=1),
    )
    return int(moved.aggregate(total=Sum("amount_micros"))["total"] or 0)


def _figures_between(start: datetime.datetime, end: datetime.datetime) -> dict[str, int | None]:
    return Rollup.objects.filter(grain=Rollup.Grain.MINUTE, bucket__gte=start, bucket__lt=end).aggregate(
        seen=Sum("impressions"),
        income=Sum("spend_micros") - Sum("credited_micros"),
        valid=Sum("clicks") - Sum("credited_clicks"),
        invalid=Sum("invalid_clicks") + Sum("credited_clicks"),
    )
