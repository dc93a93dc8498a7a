import dataclasses
import datetime

import numpy as np
import pytest
from django.utils import timezone
from pytest_django import Settings

from ads.client import fetch_vocabulary, request_ad
from ads.contract import AdRequest, NoAd, ServedAd
from ads.domain.money import WON
from ads.events.frequency_caps import FrequencyCaps
from ads.events.link_tokens import LinkPurpose, sign_token
from ads.events.receive import receive_impression
from ads.models import AdGroup, Campaign, Offer
from ads.selection.building.inventory_reader import build_snapshot, read_inventory
from ads.selection.building.snapshot_builder import build_from_rows
from ads.selection.core.index import load_snapshot
from ads.selection.jobs.publishing import publish
from ads.selection.serving.traces import find_trace
from testing.ads.event_requests import make_event_request
from testing.ads.inventory import make_ad, make_advertiser, publish_all, request_for

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]

PROMPT = "도쿄 항공권 싸게 사는 법"


def ask(prompt: str = PROMPT, **changes: object) -> ServedAd | NoAd:
    return request_ad(dataclasses.replace(request_for(prompt), **changes))  # type: ignore[arg-type]


def test_a_matching_prompt_gets_the_ad_and_an_offer_is_kept() -> None:
    make_ad(bid_won=300)
    publish_all()
    ad = ask()
    assert isinstance(ad, ServedAd)
    assert (ad.title, ad.advertiser, ad.label) == ("Flights to Tokyo", "Grace Travel", "광고")
    offer = Offer.objects.get()
    assert str(offer.id) == ad.offer
    assert (offer.price_micros, offer.keyword_text, offer.match) == (70 * WON, "도쿄 항공권", "broad")
    assert len(ad.why) == 3


def test_the_winner_pays_what_the_second_would_have_needed() -> None:
    make_ad(make_advertiser("Grace"), bid_won=500)
    make_ad(make_advertiser("Rival"), bid_won=300)
    publish_all()
    ad = ask()
    assert isinstance(ad, ServedAd) and ad.advertiser == "Grace"
    assert Offer.objects.get().price_micros == 300 * WON


def test_a_sensitive_request_gets_none_whatever_it_matches() -> None:
    make_ad()
    publish_all()
    assert ask(sensitivity="block") == NoAd("sensitive")
    assert ask(sensitive_classes=("self_harm",)) == NoAd("sensitive")
    assert ask(topics=("self-harm",)) == NoAd("sensitive")
    assert ask(topics=("finance", "travel")) == NoAd("sensitive")
    assert not Offer.objects.exists()


def test_a_minor_is_shown_no_ad() -> None:
    make_ad()
    publish_all()
    assert ask(audience="minor") == NoAd("not_adult")


def test_with_adults_only_an_unknown_age_gets_no_ad(settings: Settings) -> None:
    make_ad()
    publish_all()
    settings.ADS_ADULTS_ONLY = True
    assert ask(audience="unknown") == NoAd("not_adult")
    assert ask(audience="") == NoAd("not_adult")
    assert isinstance(ask(audience="adult"), ServedAd)


def test_an_ad_whose_words_a_program_wrote_says_so() -> None:
    creative = make_ad()
    type(creative).objects.filter(pk=creative.pk).update(is_ai_generated=True)
    publish_all()
    ad = ask()
    assert isinstance(ad, ServedAd) and ad.is_ai_written


def test_a_prompt_that_matches_nothing_gets_none() -> None:
    make_ad()
    publish_all()
    assert ask("오늘 날씨 어때") == NoAd("no_match")


def test_a_poem_about_what_is_advertised_gets_none() -> None:
    make_ad(keywords=(("항공권", "phrase"),))
    publish_all()
    poem = request_for("항공권에 대한 시 써줘", intent_percent=3)
    assert request_ad(poem) == NoAd("no_intent")
    trace = find_trace(poem.request_id)
    assert trace and trace["contenders"][0]["rung"] == "no_intent"  # type: ignore[index]
    assert trace["limits"]["intent_percent"] > poem.intent_percent == trace["request"]["intent_percent"]  # type: ignore[index]
    assert ask("항공권에 대한 시 써줘", work_percent=100) == NoAd("no_intent")


def test_a_negative_keyword_always_wins() -> None:
    make_ad(keywords=(("도쿄 항공권", "exact"), ("항공권", "phrase")), negatives=("취소",))
    publish_all()
    assert isinstance(ask("도쿄 항공권 추천"), ServedAd)
    assert ask("도쿄 항공권 취소 추천") == NoAd("no_match")


@pytest.mark.parametrize(
    ("match", "prompt", "is_shown"),
    [
        ("exact", "도쿄 항공권 추천", True),
        ("exact", "도쿄 항공권", True),
        ("exact", "오사카 말고 도쿄 항공권 추천", False),
        ("phrase", "오사카 말고 도쿄 항공권 추천", True),
        ("phrase", "도쿄 가는 항공권 추천", False),
        ("broad", "항공권 추천, 도쿄로", True),
        ("broad", "항공권 추천", False),
    ],
)
def test_each_match_type_matches_as_defined(match: str, prompt: str, is_shown: bool) -> None:
    make_ad(keywords=(("도쿄 항공권", match),))
    make_ad(make_advertiser("Rival"), keywords=(("오사카", "exact"),), bid_won=100)
    publish_all()
    ad = ask(prompt)
    assert isinstance(ad, ServedAd) == is_shown


def test_a_pause_takes_effect_at_once_without_a_new_snapshot() -> None:
    creative = make_ad()
    publish_all()
    request = request_for(PROMPT)
    Campaign.objects.update(status="paused")
    assert isinstance(request_ad(request), NoAd)
    Campaign.objects.update(status="active")
    assert isinstance(request_ad(request), ServedAd)
    creative.is_on = False
    creative.save()
    assert isinstance(request_ad(request), NoAd)
    AdGroup.objects.update(is_on=False)
    assert isinstance(request_ad(request), NoAd)


def test_an_empty_wallet_keeps_a_campaign_out() -> None:
    make_ad(make_advertiser(won=0))
    publish_all()
    assert ask() == NoAd("no_budget")


def test_a_campaign_before_its_start_and_after_its_end_stays_out() -> None:
    creative = make_ad()
    campaign = creative.ad_group.campaign
    campaign.starts_at = timezone.now() + datetime.timedelta(hours=1)
    campaign.save()
    publish_all()
    assert ask() == NoAd("no_match")


def test_the_same_person_sees_a_campaign_so_many_times_a_day() -> None:
    make_ad()
    publish_all()
    person = FrequencyCaps("ada-today", at=timezone.now())
    for _ in range(3):
        person.record_impression(Campaign.objects.get().id)
    request = dataclasses.replace(request_for(PROMPT), frequency_key="ada-today")
    reasons = [answer.reason for answer in map(request_ad, [request] * 3) if isinstance(answer, NoAd)]
    assert reasons == ["ad_load", "ad_load", "frequency"]


def test_after_an_ad_was_seen_the_next_two_answers_have_none() -> None:
    make_ad()
    publish_all()
    request = dataclasses.replace(request_for(PROMPT), frequency_key="ada-today")
    assert isinstance(request_ad(request), ServedAd)
    offer = Offer.objects.get()
    Offer.objects.update(created_at=offer.created_at - datetime.timedelta(seconds=5))
    receive_impression(sign_token(LinkPurpose.IMPRESSION, offer.id, at=timezone.now()), make_event_request())
    answers = [request_ad(request) for _ in range(3)]
    assert answers[:2] == [NoAd("ad_load"), NoAd("ad_load")]
    assert isinstance(answers[2], ServedAd)


def test_a_hidden_campaign_stays_away_for_the_day() -> None:
    make_ad()
    publish_all()
    FrequencyCaps("ada-today", at=timezone.now()).record_hidden(Campaign.objects.get().id)
    request = dataclasses.replace(request_for(PROMPT), frequency_key="ada-today")
    assert request_ad(request) == NoAd("frequency")


def test_a_decision_can_be_read_from_its_trace() -> None:
    make_ad(bid_won=300)
    make_ad(make_advertiser("Rival"), bid_won=200)
    publish_all()
    request = request_for(PROMPT)
    request_ad(request)
    trace = find_trace(request.request_id)
    assert trace is not None
    contenders = trace["contenders"]
    assert isinstance(contenders, list)
    assert [line["rung"] for line in contenders] == ["won", "outbid"]


def test_a_snapshot_is_the_same_after_it_was_stored() -> None:
    make_ad(negatives=("취소",))
    snapshot = build_snapshot("v1")
    again = load_snapshot(snapshot.dump())
    for field in dataclasses.fields(snapshot):
        np.testing.assert_array_equal(getattr(snapshot, field.name), getattr(again, field.name))


def test_publishing_what_did_not_change_keeps_the_version() -> None:
    make_ad()
    first = publish()
    assert publish() == first
    make_ad(make_advertiser("Rival"))
    assert publish() != first


def test_term_ids_keep_their_meaning_when_the_inventory_changes() -> None:
    make_ad()
    before = {term.text: term.id for term in read_inventory().terms}
    make_ad(make_advertiser("Rival"), keywords=(("오사카 항공권", "phrase"),))
    after = {term.text: term.id for term in read_inventory().terms}
    assert before.items() <= after.items()


def test_an_empty_market_answers_no_match() -> None:
    snapshot = build_from_rows(read_inventory(), version="empty")
    assert len(snapshot.keyword_ids) == 0
    publish_all()
    assert ask() == NoAd("no_match")
    assert fetch_vocabulary().terms == ()


def test_unknown_ids_mean_nothing(valkey: object) -> None:
    make_ad()
    publish_all()
    request = AdRequest("r", "below_answer", "old", (10**12, 0, 999_999), (), "ko", "", "pass")
    assert request_ad(request) == NoAd("no_match")
