"""Offers to click on, and the audit of what the clicks cost; imported once Django is set up."""

import datetime
import random
import uuid

from django.db import connection
from django.db.models import Count, Max, Min, QuerySet
from django.utils import timezone

from ads.domain.accounting_day import korean_day
from ads.domain.money import BID_STEP, WON
from ads.ledger.accounts import open_wallet
from ads.ledger.entries import top_up
from ads.ledger.invariants import find_discrepancies
from ads.models import AdGroup, Advertiser, Campaign, CampaignDay, Click, Creative, Offer

# Every fourth campaign soon meets its own cap; the others together meet their wallet's.
SMALL_BUDGET, LARGE_BUDGET = 300_000 * WON, 800_000 * WON
ADVERTISERS = 5
WALLET = 2_500_000 * WON


def make_offers(campaigns: int, count: int) -> None:
    """Make that many offers of capped campaigns, which share a few wallets that cannot pay for all."""
    creatives = list(Creative.objects.select_related("ad_group")) or _make_creatives(campaigns)
    rng = random.Random(count)
    at = timezone.now()
    for start in range(0, count, 2_000):
        Offer.objects.bulk_create(
            _offer(creatives[number % len(creatives)], rng, at)
            for number in range(start, min(start + 2_000, count))
        )


def _make_creatives(campaigns: int) -> list[Creative]:
    advertisers = [Advertiser.objects.create(name=f"Advertiser {number}") for number in range(ADVERTISERS)]
    for advertiser in advertisers:
        open_wallet(advertiser)
        top_up(advertiser, WALLET, key=f"bench:{advertiser.id}")
    creatives = []
    for number in range(campaigns):
        campaign = Campaign.objects.create(
            advertiser=advertisers[number % ADVERTISERS],
            name=f"Campaign {number}",
            category="travel",
            status=Campaign.Status.ACTIVE,
            daily_budget_micros=LARGE_BUDGET if number // ADVERTISERS % 4 else SMALL_BUDGET,
        )
        group = AdGroup.objects.create(campaign=campaign, name="Group")
        creatives.append(
            Creative.objects.create(
                ad_group=group,
                title="Title",
                body="Body",
                landing_url="https://bench.example/",
                display_domain="bench.example",
            )
        )
    return creatives


def _offer(creative: Creative, rng: random.Random, at: datetime.datetime) -> Offer:
    return Offer(
        id=uuid.uuid4(),
        campaign_id=creative.ad_group.campaign_id,
        ad_group=creative.ad_group,
        creative=creative,
        match="exact",
        placement="below_answer",
        language="ko",
        device="",
        snapshot_version="bench",
        bid_micros=500 * WON,
        reserve_micros=70 * WON,
        price_micros=70 * WON + BID_STEP * rng.randrange(40),
        shadow_price_micros=70 * WON,
        relevance=1,
        click_rate=0.01,
        pace=1,
        created_at=at,
    )


def close_connection() -> None:
    """Connect anew at the next question."""
    connection.close()


def click_rate(since: float) -> float:
    """Return how many unique clicks a second were settled, between the first and the last of them."""
    span = _clicks_since(since).aggregate(
        count=Count("offer"), first=Min("created_at"), last=Max("created_at")
    )
    return float(span["count"] / max(0.001, (span["last"] - span["first"]).total_seconds()))


def billed_share(since: float) -> float:
    """Return which share of the clicks since then was billed, and not free."""
    clicks = _clicks_since(since)
    return clicks.filter(verdict=Click.Verdict.BILLED).count() / max(1, clicks.count())


def make_bare_table() -> None:
    """Make the table that the bare writers fill."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bench_bare (id uuid PRIMARY KEY, campaign bigint, price bigint, at timestamptz)"
        )


def bare_rate() -> float:
    """Return how many bare rows a second were inserted, between the first and the last of them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), extract(epoch FROM max(at) - min(at)) FROM bench_bare")
        count, seconds = cursor.fetchone()
    return float(count / max(0.001, float(seconds)))


def audit(offers: int) -> dict[str, int]:
    """Return what is wrong with the books, each as a number that has to be zero."""
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
            ADVERTISERS * WALLET,
        ),
        "faults_in_the_proof": len(find_discrepancies()),
    }


def _clicks_since(moment: float) -> "QuerySet[Click]":
    return Click.objects.filter(created_at__gte=datetime.datetime.fromtimestamp(moment, datetime.UTC))


def _count(statement: str, *values: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        (count,) = cursor.fetchone()
    return int(count)
