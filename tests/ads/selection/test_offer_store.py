import dataclasses

import pytest
from django.utils import timezone

from ads.client import request_ad
from ads.contract import AdRequest, NoAd, ServedAd
from ads.events.frequency_caps import FrequencyCaps
from ads.models import AdGroup, Campaign, Impression, Offer
from ads.selection.jobs.live_overrides import publish_live_overrides
from testing.ads.inventory import make_ad, make_advertiser, publish_all, request_for

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]

PROMPT = "도쿄 항공권 싸게 사는 법"


def ask(**changes: object) -> ServedAd | NoAd:
    request = dataclasses.replace(request_for(PROMPT), frequency_key="ada-today")
    changed: AdRequest = dataclasses.replace(request, **changes)  # type: ignore[arg-type]
    return request_ad(changed)


def test_a_repeated_request_gets_the_same_ad() -> None:
    make_ad()
    publish_all()
    first, again = ask(), ask()
    assert isinstance(first, ServedAd)
    assert again == first
    assert Offer.objects.count() == 1


def test_another_person_gets_an_offer_of_their_own() -> None:
    make_ad()
    publish_all()
    ask()
    ask(frequency_key="somebody-else")
    ask(frequency_key="")
    ask(frequency_key="")
    assert Offer.objects.count() == 4


def test_a_better_bid_does_not_change_an_ad_in_the_middle_of_an_answer() -> None:
    make_ad(make_advertiser("Grace"), bid_won=200)
    publish_all()
    first = ask()
    make_ad(make_advertiser("Rival"), bid_won=900)
    publish_all()
    again = ask()
    assert isinstance(again, ServedAd)
    assert isinstance(first, ServedAd)
    assert again.offer == first.offer


@pytest.mark.parametrize("way", ["paused", "off", "hidden", "broke"])
def test_an_ad_that_may_no_longer_be_shown_is_not_shown_again(way: str) -> None:
    creative = make_ad()
    publish_all()
    ask()
    campaign = creative.ad_group.campaign
    if way == "paused":
        Campaign.objects.update(status="paused")
    elif way == "off":
        AdGroup.objects.update(is_on=False)
    elif way == "hidden":
        Offer.objects.update(hidden_at=timezone.now())
        FrequencyCaps("ada-today", at=timezone.now()).record_hidden(campaign.id)
    else:
        campaign.daily_budget_micros = 70_000_000
        campaign.save()
        campaign.advertiser.accounts.filter(kind="wallet").update(balance_micros=0)
        publish_live_overrides(at=timezone.now())
        publish_all()
    assert isinstance(ask(), NoAd)


def test_after_an_impression_a_repeated_request_follows_the_ad_load() -> None:
    make_ad()
    publish_all()
    ask()
    offer = Offer.objects.get()
    Impression.objects.create(offer=offer, verdict="valid", created_at=timezone.now())
    FrequencyCaps("ada-today", at=timezone.now()).record_impression(offer.campaign_id)
    assert ask() == NoAd("ad_load")
