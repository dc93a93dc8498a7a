"""A campaign with less money than its bid bids what it has, and gets no free clicks."""

from collections import Counter
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from ads.client import request_ad
from ads.contract import AdRequest, NoAd, ServedAd
from ads.domain.money import WON
from ads.ledger.accounts import wallet_balance
from ads.ledger.billing import Charge, charge_click
from ads.ledger.leases import extend_lease
from ads.models import Campaign, Impression, Keyword, LearnedReserve, Offer
from ads.selection.jobs.live_overrides import publish_live_overrides
from testing.ads.inventory import make_ad, make_advertiser, publish_all, request_for, reset_serving_state

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]
PROMPT = "도쿄 항공권 싸게 사는 법"


def ask(person: str = "") -> tuple[AdRequest, ServedAd | NoAd]:
    request = request_for(PROMPT, frequency_key=person)
    return request, request_ad(request)


def click_on(offer: Offer) -> str:
    """A person sees the ad and clicks; then live overrides are published."""
    Impression.objects.create(offer=offer, verdict="valid", created_at=timezone.now())
    charge = Charge(offer.id, offer.campaign_id, offer.price_micros, "", timezone.now())
    verdict = charge_click(charge)
    publish_overrides()
    return verdict


def publish_overrides() -> None:
    publish_live_overrides(at=timezone.now())
    reset_serving_state()


def explain(request: AdRequest) -> str:
    output = StringIO()
    call_command("explain_ad", request.request_id, stdout=output)
    return output.getvalue()


def test_an_advertiser_with_less_than_its_bid_wins_no_auction_beyond_its_money() -> None:
    make_ad(make_advertiser("Rich"), bid_won=600)
    make_ad(make_advertiser("Poor", won=100), bid_won=900)
    publish_all()
    wins, verdicts = Counter[str](), Counter[str]()
    for turn in range(20):
        _, ad = ask(f"person {turn}")
        assert isinstance(ad, ServedAd)
        wins[ad.advertiser] += 1
        verdicts[click_on(Offer.objects.get(pk=ad.offer))] += 1
    assert verdicts == {"billed": 20}
    # An exploration draw may let the poorer one win a click that it can pay for.
    assert wins["Rich"] >= 19


def test_a_lone_advertiser_buys_what_it_can_pay_and_then_has_no_budget() -> None:
    make_ad(make_advertiser(won=200), bid_won=900)
    publish_all()
    prices, verdicts = [], []
    while isinstance((found := ask())[1], ServedAd):
        offer = Offer.objects.get(request_id=found[0].request_id)
        prices.append(offer.price_micros // WON)
        verdicts.append(click_on(offer))
    assert (prices, verdicts) == ([70, 70], ["billed", "billed"])
    assert found[1] == NoAd("no_budget")
    assert explain(found[0]).splitlines()[-1].split()[0] == "no_budget"


def test_less_than_the_reserve_of_a_category_is_no_budget() -> None:
    LearnedReserve.objects.create(
        category="travel", reserve_micros=150 * WON, auctions=700, income_gain=0.1, fill_loss=0.0
    )
    make_ad(make_advertiser(won=140), bid_won=900)
    publish_all()
    request, ad = ask()
    assert ad == NoAd("no_budget")
    assert explain(request).splitlines()[-1].split()[0] == "no_budget"


def test_explain_ad_shows_the_remaining_money(admin_client: Client) -> None:
    rich = make_ad(make_advertiser("Rich"), bid_won=600)
    make_ad(make_advertiser("Poor", won=130), bid_won=900)
    publish_all()
    request, _ = ask()
    rows = [line.split() for line in explain(request).splitlines()[-2:]]
    assert sorted(row[4:6] for row in rows) == [["600", "1.00"], ["900", "130"]]
    where = reverse("admin:ads_offer_explain_request")
    page = admin_client.get(where, {"request": request.request_id}).content.decode()
    assert page.count("잔액 130원") == page.count("잔액") == 1
    assert rich.ad_group.campaign.name in page


@pytest.mark.parametrize("way", ["keyword", "total", "day", "lease"])
def test_all_that_bounds_what_a_campaign_can_pay_bounds_its_bid(way: str) -> None:
    creative = make_ad(bid_won=100 if way == "keyword" else 900)
    campaign = creative.ad_group.campaign
    if way == "keyword":
        Keyword.objects.update(bid_micros=900 * WON)
        Campaign.objects.update(daily_budget_micros=240 * WON)
    elif way == "total":
        Campaign.objects.update(total_budget_micros=240 * WON)
    elif way == "day":
        Campaign.objects.update(daily_budget_micros=240 * WON)
    else:
        Campaign.objects.update(total_budget_micros=240 * WON)
        extend_lease(campaign.pk, at=timezone.now(), price_micros=100 * WON)
    live = publish_live_overrides(at=timezone.now())
    assert live.left == ((campaign.pk, 240 * WON),)
    assert live.out_of_money == frozenset()
    Campaign.objects.update(daily_budget_micros=50_000 * WON, total_budget_micros=None)
    assert publish_live_overrides(at=timezone.now()).left == ()


def test_the_first_click_of_a_campaign_leaves_the_other_one_something_of_a_small_wallet() -> None:
    shop = make_advertiser(won=10_000)
    first, other = make_ad(shop), make_ad(shop)
    extend_lease(first.ad_group.campaign_id, at=timezone.now(), price_micros=300 * WON)
    assert wallet_balance(shop.pk) == 7_500 * WON
    extend_lease(other.ad_group.campaign_id, at=timezone.now(), price_micros=6_000 * WON)
    assert wallet_balance(shop.pk) == 1_500 * WON


def test_an_offer_that_can_no_longer_be_paid_is_not_repeated(settings: Settings) -> None:
    settings.ADS_ANSWERS_PER_AD = 1
    make_ad(make_advertiser("Rival"), bid_won=500)
    poor = make_ad(make_advertiser("Poor"), bid_won=900)
    publish_all()
    _, first = ask("ada")
    assert isinstance(first, ServedAd) and first.advertiser == "Poor"
    campaign = poor.ad_group.campaign
    Campaign.objects.filter(pk=campaign.pk).update(daily_budget_micros=200 * WON)
    publish_overrides()
    _, again = ask("ada")
    assert isinstance(again, ServedAd)
    assert again.offer != first.offer
