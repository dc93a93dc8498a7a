import datetime
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import pytest
from django.db import connections
from django.utils import timezone

from ads.domain.accounting_day import korean_day
from ads.domain.money import WON
from ads.events.link_tokens import LinkPurpose, sign_token
from ads.ledger.accounts import wallet_balance
from ads.ledger.billing import Charge, charge_click, settle_clicks
from ads.ledger.invariants import find_discrepancies
from ads.ledger.leases import close_days, sync_daily_budget
from ads.models import CampaignDay, Click, Offer, Transaction
from testing.ads.event_requests import click_on
from testing.ads.inventory import make_ad, make_advertiser, make_offer

Outcome = TypeVar("Outcome")

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(count: int, act: Callable[[int], Outcome]) -> list[Outcome]:
    """Run this on several threads that start at the same moment."""
    gate = threading.Barrier(count)

    def run(number: int) -> Outcome:
        try:
            gate.wait(timeout=20)
            return act(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def charge_again(charge: Charge, _number: int) -> object:
    return charge_click(charge)


def test_the_same_click_from_eight_addresses_is_billed_once() -> None:
    creative = make_ad()
    for _ in range(10):
        offer = make_offer(creative)
        charge = Charge(offer.id, offer.campaign_id, offer.price_micros, "", timezone.now())
        verdicts = at_once(8, partial(charge_again, charge))
        assert sorted(map(str, verdicts)) == ["billed", *["duplicate"] * 7]
    assert CampaignDay.objects.get().spent_micros == 1_000 * WON
    assert Transaction.objects.filter(kind="click").count() == 10
    assert find_discrepancies() == []


@pytest.mark.usefixtures("valkey")
def test_the_same_link_clicked_from_eight_addresses_at_once_is_billed_once() -> None:
    creative = make_ad()
    for _ in range(5):
        offer = make_offer(creative)
        link = sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at)
        arrivals = at_once(8, partial(click_from, link))
        assert sorted(arrivals) == ["billed", *["duplicate"] * 7]
    assert CampaignDay.objects.get().spent_micros == 500 * WON
    assert find_discrepancies() == []


def click_from(link: str, number: int) -> str:
    return str(click_on(link, address=f"203.0.{number}.7").verdict)


def test_a_burst_of_clicks_never_spends_more_than_the_budget() -> None:
    creative = make_ad(daily_won=1_050)
    offers = [make_offer(creative) for _ in range(64)]

    def act(number: int) -> object:
        charge = Charge(offers[number].id, offers[number].campaign_id, 100 * WON, "", timezone.now())
        return charge_click(charge)

    verdicts = at_once(64, act)
    assert verdicts.count("billed") == 10
    assert verdicts.count("free") == 54
    assert Click.objects.count() == 64
    assert find_discrepancies() == []


def test_clicks_that_find_the_lease_empty_together_are_all_billed_while_there_is_budget() -> None:
    def act(number: int) -> object:
        # Settled alone rather than in a group, as in separate processes.
        offer = offers[number]
        return settle_clicks([Charge(offer.id, offer.campaign_id, 10_000 * WON, "", timezone.now())])[0]

    # Each click uses up the whole lease, so that every click finds it empty.
    for creative in (make_ad(daily_won=200_000), make_ad(daily_won=200_000)):
        for clicks in (10, 10):
            offers = [make_offer(creative) for _ in range(clicks)]
            Offer.objects.update(bid_micros=10_000 * WON, price_micros=10_000 * WON)
            assert at_once(clicks, act) == ["billed"] * clicks
    assert set(CampaignDay.objects.values_list("spent_micros")) == {(200_000 * WON,)}
    assert find_discrepancies() == []


def test_two_campaigns_of_one_wallet_never_take_it_below_zero() -> None:
    grace = make_advertiser(won=1_000)
    offers = [make_offer(make_ad(grace, daily_won=5_000)) for _ in range(2)]
    offers = [make_offer(offer.creative) for offer in offers for _ in range(16)]

    def act(number: int) -> object:
        charge = Charge(offers[number].id, offers[number].campaign_id, 100 * WON, "", timezone.now())
        return charge_click(charge)

    verdicts = at_once(32, act)
    assert verdicts.count("billed") <= 10
    assert wallet_balance(grace.id) >= 0
    assert find_discrepancies() == []


def test_a_smaller_budget_releases_the_lease() -> None:
    creative = make_ad(daily_won=50_000)
    campaign = creative.ad_group.campaign
    before = wallet_balance(campaign.advertiser_id)
    offer = make_offer(creative)
    charge_click(Charge(offer.id, campaign.id, 100 * WON, "", timezone.now()))
    campaign.daily_budget_micros = 500 * WON
    campaign.save()
    sync_daily_budget(campaign.id, at=timezone.now())
    assert CampaignDay.objects.get().leased_micros == 500 * WON
    assert wallet_balance(campaign.advertiser_id) == before - 500 * WON
    assert find_discrepancies() == []


def test_a_closed_day_returns_what_it_did_not_spend() -> None:
    creative = make_ad()
    campaign = creative.ad_group.campaign
    before = wallet_balance(campaign.advertiser_id)
    offer = make_offer(creative)
    charge_click(Charge(offer.id, campaign.id, 100 * WON, "", timezone.now()))
    tomorrow = korean_day(timezone.now() + datetime.timedelta(days=1))
    assert close_days(before=tomorrow) == 1
    assert close_days(before=tomorrow) == 0
    assert wallet_balance(campaign.advertiser_id) == before - 100 * WON
    late = make_offer(creative)
    assert charge_click(Charge(late.id, campaign.id, 100 * WON, "", timezone.now())) == "free"
    assert find_discrepancies() == []


def test_saving_a_stale_campaign_keeps_the_leased_amount() -> None:
    creative = make_ad(total_won=10_000)
    stale = creative.ad_group.campaign
    offer = make_offer(creative)
    charge_click(Charge(offer.id, stale.id, 100 * WON, "", timezone.now()))
    stale.name = "Renamed"
    stale.save()
    stale.refresh_from_db()
    assert (stale.name, stale.leased_micros) == ("Renamed", CampaignDay.objects.get().leased_micros)
    assert find_discrepancies() == []
