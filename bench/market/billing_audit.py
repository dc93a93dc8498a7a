"""Offers to click on, and the audit of the billed clicks; imported once Django is set up."""

import datetime
import random

from django.db import connection
from django.db.models import Count, Max, Min, QuerySet
from django.utils import timezone

from ads.domain.accounting_day import korean_day
from ads.domain.money import BID_STEP, WON
from ads.ledger.invariants import find_discrepancies
from ads.models import CampaignDay, Click, Creative, Offer
from testing.ads.inventory import draft_offer, make_ad, make_advertiser

# Every fourth campaign soon reaches its own budget; the others together exhaust their wallet.
SMALL_BUDGET_WON, LARGE_BUDGET_WON = 300_000, 800_000
ADVERTISERS = 5
WALLET_WON = 2_500_000
BID_STEP_WON = BID_STEP // WON


def make_offers(campaigns: int, count: int) -> None:
    """Make `count` offers of campaigns with budgets, which share a few wallets that cannot pay for all."""
    creatives = list(Creative.objects.select_related("ad_group__campaign")) or _make_creatives(campaigns)
    rng = random.Random(count)
    for start in range(0, count, 2_000):
        Offer.objects.bulk_create(
            draft_offer(creatives[number % len(creatives)], price_won=70 + BID_STEP_WON * rng.randrange(40))
            for number in range(start, min(start + 2_000, count))
        )


def _make_creatives(campaigns: int) -> list[Creative]:
    advertisers = [make_advertiser(f"Advertiser {number}", won=WALLET_WON) for number in range(ADVERTISERS)]
    return [
        make_ad(
            advertisers[number % ADVERTISERS],
            keywords=(),
            daily_won=LARGE_BUDGET_WON if number // ADVERTISERS % 4 else SMALL_BUDGET_WON,
        )
        for number in range(campaigns)
    ]


def close_connection() -> None:
    """Close this process's connection; the next query opens another."""
    connection.close()


def click_rate(since: float) -> float:
    """Return the unique clicks settled per second, between the first and the last of them."""
    span = _clicks_since(since).aggregate(
        count=Count("offer"), first=Min("created_at"), last=Max("created_at")
    )
    return float(span["count"] / max(0.001, (span["last"] - span["first"]).total_seconds()))


def billed_share(since: float) -> float:
    """Return the share of the clicks since then that was billed; the others were free."""
    clicks = _clicks_since(since)
    return clicks.filter(verdict=Click.Verdict.BILLED).count() / max(1, clicks.count())


def make_bare_table() -> None:
    """Create the table that the plain inserts fill."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_bare (id uuid PRIMARY KEY, campaign bigint, price bigint, at timestamptz)"
        )


def bare_rate() -> float:
    """Return the plain inserts per second, between the first and the last of them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), extract(epoch FROM max(at) - min(at)) FROM bench_bare")
        count, seconds = cursor.fetchone()
    return float(count / max(0.001, float(seconds)))


def audit(offers: int) -> dict[str, int]:
    """Return the discrepancies in the ledger by name; each number must be zero."""
    connection.close()
    today = CampaignDay.objects.filter(day=korean_day(timezone.now()))
    over = sum(max(0, day.spent_micros - day.budget_micros) for day in today)
    return {
        "overspent_won": over // WON,
        "wallets_below_zero": _count("SELECT count(*) FROM ads_account WHERE balance_micros < 0"),
        "offers_without_a_verdict": offers - Click.objects.count(),
        "clicks_billed_twice": _count(
            "SELECT count(*) - count(DISTINCT offer_id) FROM ads_click WHERE verdict = 'billed'"
        ),
        "billed_beside_the_ledger_micros": _count(
            "SELECT abs((SELECT sum(price_micros) FROM ads_click) - (SELECT sum(e.amount_micros)"
            " FROM ads_entry e JOIN ads_account a ON a.id = e.account_id WHERE a.kind = 'revenue'))"
        ),
        "ledger_sum_micros": _count("SELECT abs(coalesce(sum(amount_micros), 0)) FROM ads_entry"),
        "money_lost_micros": _count(
            "SELECT abs(%s - coalesce(sum(e.amount_micros), 0)) FROM ads_entry e"
            " JOIN ads_account a ON a.id = e.account_id WHERE a.kind IN ('wallet', 'lease', 'revenue')",
            ADVERTISERS * WALLET_WON * WON,
        ),
        "discrepancies": len(find_discrepancies()),
    }


def _clicks_since(moment: float) -> "QuerySet[Click]":
    return Click.objects.filter(created_at__gte=datetime.datetime.fromtimestamp(moment, datetime.UTC))


def _count(statement: str, *values: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        (count,) = cursor.fetchone()
    return int(count)
