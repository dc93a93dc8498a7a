"""What a day may spend of its ads: what came in, less what was given back."""

import datetime
import uuid

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ads.client import income_today
from ads.delivery import settle_click
from ads.leases import korean_day
from ads.ledger import Leg, house_account, open_wallet, refund
from ads.models import Account, Click, Creative, Entry, Offer, Transaction
from ads.money import WON
from ads.reports import income_of_day
from ads.sweep import credit_click
from aggregator.placements import income_of_the_day
from tests.ads.inventory import make_ad, make_advertiser, make_offer

pytestmark = pytest.mark.django_db


def click(creative: Creative, *, won: int = 100, reason: str = "") -> Offer:
    offer = make_offer(creative, price_won=won)
    settle_click(offer, reason=reason, network="", at=timezone.now())
    return offer


def revenue() -> int:
    entries = Entry.objects.filter(account__kind="revenue").values_list("amount_micros", flat=True)
    return sum(entries)


def test_a_click_that_is_given_back_is_no_income() -> None:
    creative = make_ad()
    kept, invalid = click(creative, won=100), click(creative, won=130)
    click(creative, won=200, reason="robot")
    assert income_today() == 230 * WON
    credit_click(Click.objects.get(offer=invalid), reason="burst_person")
    assert income_today() == income_of_the_day() == kept.price_micros == 100 * WON


def test_money_that_an_advertiser_never_spent_is_no_income_and_its_refund_costs_none() -> None:
    creative = make_ad(make_advertiser(won=5_000), daily_won=1_000)
    click(creative, won=150)
    refund(creative.ad_group.campaign.advertiser, 2_000 * WON, key="payout")
    assert income_today() == 150 * WON


def test_a_credit_counts_on_the_day_it_is_given() -> None:
    """Yesterday's income is spent: what is given back of it today is missing today."""
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
) -> Transaction:
    wallet = Account.objects.get(kind="wallet", advertiser=advertiser)
    with transaction.atomic():
        posted = Transaction.objects.create(
            kind=kind, idempotency_key=str(uuid.uuid4()), created_at=at, reverses=reverses
        )
        for leg in (Leg(wallet.pk, -micros), Leg(house_account(Account.Kind.REVENUE).pk, micros)):
            Entry.objects.create(
                transaction=posted, account_id=leg.account_id, amount_micros=leg.amount_micros
            )
    return posted


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    deeds=st.lists(
        st.tuples(st.integers(70, 400), st.sampled_from(["", "", "too_fast"]), st.booleans()), max_size=8
    )
)
def test_whatever_is_clicked_and_given_back_income_is_what_stays(
    db: None, deeds: list[tuple[int, str, bool]]
) -> None:
    creative = make_ad(make_advertiser(str(uuid.uuid4()), won=1_500), daily_won=900)
    before = income_today()
    for won, reason, is_given_back in deeds:
        found = Click.objects.get(offer=click(creative, won=won, reason=reason))
        if found.verdict == Click.Verdict.BILLED and is_given_back:
            credit_click(found, reason="regular_person")
            assert credit_click(found, reason="burst_person") is False
    clicks = Click.objects.filter(campaign=creative.ad_group.campaign, credit=None)
    assert income_today() - before == sum(clicks.values_list("price_micros", flat=True))
    assert income_today() == revenue()
    assert open_wallet(creative.ad_group.campaign.advertiser).balance_micros >= 0  # type: ignore[operator]
