"""The market's day for the admin dashboard, and its income."""

import datetime
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from ads.domain.accounting_day import day_start, korean_day
from ads.ledger.market_freeze import is_frozen
from ads.models import Account, Complaint, Creative, Entry
from ads.reporting.figures import figures_between

# A wallet does not distinguish its money. Grants count as spent before payments, which is also why everything
# paid in can be refunded (accounts.refundable_micros).
SPENT_TEST_CREDIT = """
WITH granted AS (
    SELECT wallet.advertiser_id, t.created_at, gained.amount_micros
    FROM ads_account source
    JOIN ads_entry given ON given.account_id = source.id
    JOIN ads_transaction t ON t.id = given.transaction_id
    JOIN ads_entry gained ON gained.transaction_id = t.id
    JOIN ads_account wallet ON wallet.id = gained.account_id AND wallet.kind = 'wallet'
    WHERE source.kind = 'grant'
), spent AS (
    SELECT place.advertiser_id, t.created_at, -moved.amount_micros AS amount_micros
    FROM ads_account place
    JOIN ads_entry moved ON moved.account_id = place.id
    JOIN ads_transaction t ON t.id = moved.transaction_id AND t.kind IN ('click', 'reversal')
    WHERE place.kind IN ('wallet', 'lease') AND place.advertiser_id IN (SELECT advertiser_id FROM granted)
), moved AS (
    SELECT advertiser_id, created_at, amount_micros AS granted, 0 AS spent FROM granted
    UNION ALL SELECT advertiser_id, created_at, 0, amount_micros FROM spent
), until AS (
    SELECT least(sum(granted), sum(spent)) AS by_end,
           least(coalesce(sum(granted) FILTER (WHERE created_at < %(start)s), 0),
                 coalesce(sum(spent) FILTER (WHERE created_at < %(start)s), 0)) AS by_start
    FROM moved WHERE created_at < %(end)s GROUP BY advertiser_id
)
SELECT coalesce(sum(by_end - by_start), 0) FROM until
"""


@dataclass(frozen=True, slots=True)
class MarketDay:
    """Figures of today until now, of yesterday until the same time, and the open review tasks."""

    income_micros: int
    income_before_micros: int
    impressions: int
    clicks: int
    invalid_clicks: int
    wallets_micros: int
    waiting: int
    complaints: int
    is_frozen: bool


def summarize_day(now: datetime.datetime | None = None) -> MarketDay:
    """Return the figures of the accounting day: money from the ledger, the rest from minute rollups."""
    now = now or timezone.now()
    start = day_start(korean_day(now))
    day = datetime.timedelta(days=1)
    today = figures_between(start, now)
    wallets = Account.objects.filter(kind=Account.Kind.WALLET).aggregate(total=Sum("balance_micros"))
    return MarketDay(
        income_micros=_income_between(start, now),
        income_before_micros=_income_between(start - day, now - day),
        impressions=today.impressions,
        clicks=today.clicks,
        invalid_clicks=today.invalid_clicks,
        wallets_micros=wallets["total"] or 0,
        waiting=Creative.objects.filter(review=Creative.Review.WAITING).count(),
        complaints=Complaint.objects.filter(created_at__gte=start).count(),
        is_frozen=is_frozen(),
    )


def income_of_day(day: datetime.date) -> int:
    """Return the revenue of an accounting day less its reversals, in micros of won; it can be negative.

    A reversal counts on the day it is posted, so that the incomes of all days sum to the revenue account.
    Unless ADS_TEST_MONEY allows it, spend that was paid by grants is not income.
    """
    start = day_start(day)
    return _income_between(start, start + datetime.timedelta(days=1))


def _income_between(start: datetime.datetime, end: datetime.datetime) -> int:
    moved = Entry.objects.filter(
        account__kind=Account.Kind.REVENUE,
        transaction__created_at__gte=start,
        transaction__created_at__lt=end,
    )
    income = int(moved.aggregate(total=Sum("amount_micros"))["total"] or 0)
    return income if settings.ADS_TEST_MONEY else income - _spent_test_credit(start, end)


def _spent_test_credit(start: datetime.datetime, end: datetime.datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(SPENT_TEST_CREDIT, {"start": start, "end": end})
        (spent,) = cursor.fetchone() or (0,)
    return int(spent)
