"""The income of a day: revenue less reversals."""

import datetime
import uuid

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest_django import Settings

from ads.client import income_today
from ads.domain.accounting_day import korean_day
from ads.domain.money import WON
from ads.events.click_audit import credit_click
from ads.ledger.accounts import open_wallet, platform_account, refundable_micros
from ads.ledger.billing import settle_click
from ads.ledger.entries import Leg, refund, top_up
from ads.ledger.leases import close_days
from ads.models import Account, Click, Creative, Entry, Offer, Transaction
from ads.reporting.market_summary import income_of_day, summarize_day
from aggregator.placements import read_income_today
from testing.ads.inventory import make_ad, make_advertiser, make_offer

pytestmark = pytest.mark.django_db


def click(creative: Creative, *, won: int = 100, reason: str = "") -> Offer:
    offer = make_offer(creative, price_won=won)
    settle_click(offer, reason=reason, network="", at=timezone.now())
    return offer


def revenue() -> int:
    entries = Entry.objects.filter(account__kind="revenue").values_list("amount_micros", flat=True)
    return sum(entries)


def test_a_credited_click_is_no_income() -> None:
    creative = make_ad()
    kept, invalid = click(creative, won=100), click(creative, won=130)
    click(creative, won=200, reason="robot")
    assert income_today() == 230 * WON
    credit_click(Click.objects.get(offer=invalid), reason="burst_person")
    assert income_today() == read_income_today() == kept.price_micros == 100 * WON


def test_money_that_an_advertiser_never_spent_is_no_income_and_its_refund_costs_none() -> None:
    creative = make_ad(make_advertiser(won=5_000), daily_won=1_000)
    click(creative, won=150)
    refund(creative.ad_group.campaign.advertiser, 2_000 * WON, key="payout")
    assert income_today() == 150 * WON


def grant(creative: Creative, won: int) -> None:
    advertiser = creative.ad_group.campaign.advertiser
    top_up(advertiser, won * WON, key=str(uuid.uuid4()), source=Account.Kind.GRANT)


def test_spent_test_credit_is_income_only_where_test_money_is_allowed(settings: Settings) -> None:
    granted, paid = make_ad(make_advertiser(won=0)), make_ad()
    grant(granted, 10_000)
    click(granted, won=300)
    click(paid, won=200)
    assert income_today() == 500 * WON
    settings.ADS_TEST_MONEY = False
    assert income_today() == read_income_today() == summarize_day().income_micros == 200 * WON


def test_an_advertiser_with_both_kinds_of_money_spends_the_granted_first(settings: Settings) -> None:
    settings.ADS_TEST_MONEY = False
    creative = make_ad(make_advertiser(won=2_000))
    grant(creative, 250)
    first = click(creative, won=200)
    assert income_today() == 0
    click(creative, won=150)
    assert income_today() == 100 * WON
    credit_click(Click.objects.get(offer=first), reason="burst_person")
    assert income_today() == 0
    # The amount that is no longer refundable is the amount earned.
    click(creative, won=400)
    wallet = open_wallet(creative.ad_group.campaign.advertiser)
    close_days(before=korean_day(timezone.now()) + datetime.timedelta(days=1))
    wallet.refresh_from_db()
    assert income_today() == 300 * WON == 2_000 * WON - refundable_micros(wallet)


def test_test_credit_spent_yesterday_does_not_reduce_today_s_income(settings: Settings) -> None:
    settings.ADS_TEST_MONEY = False
    creative = make_ad(make_advertiser(won=5_000))
    advertiser = creative.ad_group.campaign.advertiser
    yesterday = timezone.now() - datetime.timedelta(days=1)
    move(
        advertiser.pk,
        -300 * WON,
        kind=Transaction.Kind.TOP_UP,
        at=yesterday,
        platform=Account.Kind.GRANT,
    )
    move(advertiser.pk, 400 * WON, kind=Transaction.Kind.CLICK, at=yesterday)
    move(advertiser.pk, 90 * WON, kind=Transaction.Kind.CLICK, at=timezone.now())
    assert income_of_day(korean_day(yesterday)) == 100 * WON
    assert income_today() == 90 * WON


def test_a_credit_counts_on_the_day_it_is_given() -> None:
    """A reversal today of yesterday's click reduces today's income."""
    advertiser = make_advertiser()
    yesterday = timezone.now() - datetime.timedelta(days=1)
    paid = move(advertiser.pk, 90 * WON, kind=Transaction.Kind.CLICK, at=yesterday)
    move(advertiser.pk, -90 * WON, kind=Transaction.Kind.REVERSAL, at=timezone.now(), reverses=paid)
    assert income_of_day(korean_day(yesterday)) == 90 * WON
    assert income_today() == -90 * WON
    assert revenue() == 0


def move(
    advertiser: int,
    micros: int,
    *,
    kind: Transaction.Kind,
    at: datetime.datetime,
    reverses: Transaction | None = None,
    platform: Account.Kind = Account.Kind.REVENUE,
) -> Transaction:
    wallet = Account.objects.get(kind="wallet", advertiser=advertiser)
    with transaction.atomic():
        posted = Transaction.objects.create(
            kind=kind, idempotency_key=str(uuid.uuid4()), created_at=at, reverses=reverses
        )
        for leg in (Leg(wallet.pk, -micros), Leg(platform_account(platform).pk, micros)):
            Entry.objects.create(
                transaction=posted, account_id=leg.account_id, amount_micros=leg.amount_micros
            )
    return posted


@examples(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    deeds=st.lists(
        st.tuples(st.integers(70, 400), st.sampled_from(["", "", "too_fast"]), st.booleans()), max_size=8
    ),
    granted=st.integers(0, 1_000),
)
def test_income_is_the_price_of_the_clicks_that_were_not_credited(
    db: None, settings: Settings, deeds: list[tuple[int, str, bool]], granted: int
) -> None:
    creative = make_ad(make_advertiser(str(uuid.uuid4()), won=1_500), daily_won=900)
    if granted:
        grant(creative, granted)
    settings.ADS_TEST_MONEY = False
    paid_before = income_today()
    settings.ADS_TEST_MONEY = True
    before = income_today()
    for won, reason, is_given_back in deeds:
        found = Click.objects.get(offer=click(creative, won=won, reason=reason))
        if found.verdict == Click.Verdict.BILLED and is_given_back:
            credit_click(found, reason="regular_person")
            assert credit_click(found, reason="burst_person") is False
    clicks = Click.objects.filter(campaign=creative.ad_group.campaign, credit=None)
    came_in = sum(clicks.values_list("price_micros", flat=True))
    assert income_today() - before == came_in
    assert income_today() == revenue()
    settings.ADS_TEST_MONEY = False
    assert income_today() - paid_before == max(0, came_in - granted * WON)
    assert open_wallet(creative.ad_group.campaign.advertiser).balance_micros >= 0  # type: ignore[operator]
