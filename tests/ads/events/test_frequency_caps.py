"""Frequency caps with several open pages: a pending offer counts until its impression or expiry."""

import datetime
import uuid

import pytest
from django.utils import timezone
from pytest_django import Settings

from ads.client import request_ad
from ads.contract import NoAd, ServedAd
from ads.events import frequency_caps
from ads.events.event_requests import EventRequest
from ads.events.frequency_caps import FrequencyCaps
from ads.events.receive import receive_impression
from ads.models import Campaign
from testing.ads.inventory import CHROME, make_ad, publish_all, request_for

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]
PROMPTS = ("도쿄 항공권 가격", "오사카 숙소 가격", "교토 여행 가격", "제주 렌터카 가격")


@pytest.fixture(autouse=True)
def campaign(valkey: object) -> Campaign:
    """A campaign with a cap of one view a day, matched by four prompts."""
    words = ("도쿄 항공권", "오사카 숙소", "교토 여행", "제주 렌터카")
    creative = make_ad(keywords=tuple((text, "phrase") for text in words))
    Campaign.objects.update(daily_views_a_person=1)
    publish_all()
    return creative.ad_group.campaign


def ask(prompt: str) -> ServedAd | NoAd:
    return request_ad(request_for(prompt, frequency_key="ada-today"))


def view(ad: ServedAd) -> bool:
    at = timezone.now() + datetime.timedelta(seconds=3)
    return receive_impression(
        ad.impression_url.split("/")[-2], EventRequest("POST", CHROME, "203.0.113.9", "", at)
    )


def test_concurrent_pages_get_a_capped_campaign_once(settings: Settings) -> None:
    settings.ADS_ANSWERS_PER_AD = 1
    first, *others = map(ask, PROMPTS)
    assert isinstance(first, ServedAd)
    assert others == [NoAd("frequency")] * 3
    assert view(first)
    assert ask(PROMPTS[1]) == NoAd("frequency")


def test_while_an_offer_is_pending_other_answers_get_no_ad(settings: Settings) -> None:
    Campaign.objects.update(daily_views_a_person=9)
    publish_all()
    first, *others = map(ask, PROMPTS)
    assert isinstance(first, ServedAd)
    assert others == [NoAd("ad_load")] * 3
    # The rest before the next ad starts with the impression.
    assert view(first)
    rested = [ask(prompt) for prompt in PROMPTS[1 : settings.ADS_ANSWERS_PER_AD]]
    assert rested == [NoAd("ad_load")] * (settings.ADS_ANSWERS_PER_AD - 1)
    assert isinstance(ask(PROMPTS[3]), ServedAd)


def test_a_pending_offer_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(ask(PROMPTS[0]), ServedAd)
    monkeypatch.setattr(frequency_caps, "PENDING_REST_SECONDS", 0)
    assert ask(PROMPTS[1]) == NoAd("frequency")
    monkeypatch.setattr(frequency_caps, "PENDING_SECONDS", 0)
    assert isinstance(ask(PROMPTS[2]), ServedAd)


def test_an_impression_turns_a_pending_offer_into_one_view(campaign: Campaign) -> None:
    def views() -> dict[int, int]:
        ada = FrequencyCaps("ada-today", at=timezone.now())
        ada.find_skip_reason()
        return ada.count_views([campaign.pk])

    ad = ask(PROMPTS[0])
    assert isinstance(ad, ServedAd)
    assert views() == {campaign.pk: 1}
    assert view(ad)
    assert views() == {campaign.pk: 1}
    FrequencyCaps("ada-today", at=timezone.now()).record_impression(campaign.pk, uuid.uuid4())
    assert views() == {campaign.pk: 2}
