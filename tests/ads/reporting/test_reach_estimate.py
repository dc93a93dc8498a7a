"""A reach estimate equals what selection would have matched, and reveals no single request."""

import dataclasses
import datetime
import uuid

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from ads.campaigns.campaigns import AdGroupSpec
from ads.campaigns.keywords import KeywordSpec
from ads.client import request_ad
from ads.contract import NoAd
from ads.events.frequency_caps import FrequencyCaps
from ads.models import Term
from ads.reporting import reach_estimate
from ads.reporting.reach_estimate import ReachEstimate, estimate_reach
from ads.selection.serving import request_sample
from ads.selection.serving.traces import find_trace
from testing.ads.inventory import make_ad, make_advertiser, publish_all, request_for

pytestmark = pytest.mark.django_db
WORDS = (
    "도쿄",
    "항공권",
    "도쿄 항공권",
    "오사카",
    "호텔",
    "오사카 호텔",
    "제주 렌터카",
    "추천",
    "만드는 법",
    "무료",
)
KEYWORDS = tuple((word, match) for word in WORDS[:7] for match in ("exact", "phrase", "broad"))


def plan(*keywords: tuple[str, str], negatives: tuple[str, ...] = (), language: str = "any") -> AdGroupSpec:
    return AdGroupSpec(
        name="G",
        default_bid_micros=0,
        language=language,
        device="any",
        keywords=tuple(KeywordSpec(text, match) for text, match in keywords),
        negatives=negatives,
    )


def ask(prompt: str, times: int = 1, **fields: object) -> str:
    """Send this many requests, each with a new id, and return the id of the last one."""
    request = request_for(prompt)
    for _ in range(times):
        request = dataclasses.replace(request, request_id=str(uuid.uuid4()), **fields)  # type: ignore[arg-type]
        request_ad(request)
    return request.request_id


@pytest.fixture
def market(valkey: "Redis") -> "Redis":
    """A rival's ads brought all of these terms into the vocabulary days ago."""
    make_ad(make_advertiser("Rival"), keywords=KEYWORDS, negatives=("무료",))
    publish_all()
    Term.objects.update(created_at=timezone.now() - datetime.timedelta(days=30))
    return valkey


def test_an_estimate_counts_the_prompts_that_matched(market: object) -> None:
    ask("도쿄 항공권 추천", 20)
    ask("오사카 호텔 추천", 13)
    ask("오늘 날씨 어때", 7)
    assert estimate_reach(plan(("도쿄 항공권", "phrase"))) == ReachEstimate(1, 40, 20)
    assert estimate_reach(plan(("도쿄 항공권", "phrase"), ("오사카 호텔", "broad"))).matched == 33
    assert estimate_reach(plan(("도쿄 항공권", "phrase"), negatives=("도쿄",))).matched == 0
    assert estimate_reach(plan(("도쿄 항공권", "phrase")), negatives=("항공권",)).matched == 0
    assert estimate_reach(plan(("도쿄 항공권", "phrase"), language="en")).matched == 0
    assert estimate_reach(plan()).matched == 0


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    keywords=st.lists(st.sampled_from(KEYWORDS), min_size=1, max_size=4, unique=True),
    negatives=st.lists(st.sampled_from(WORDS), max_size=1),
    prompts=st.lists(
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join), min_size=1, max_size=6
    ),
)
def test_the_estimate_equals_what_selection_matches(
    valkey: "Redis",
    monkeypatch: pytest.MonkeyPatch,
    keywords: list[tuple[str, str]],
    negatives: list[str],
    prompts: list[str],
) -> None:
    # Small counts are reported here.
    monkeypatch.setattr(reach_estimate, "MIN_REPORTED", 0)
    valkey.flushdb()
    shop = make_advertiser(uuid.uuid4().hex)
    ad = make_ad(shop, keywords=tuple(keywords), negatives=tuple(negatives))
    publish_all()
    found = 0
    for prompt in prompts:
        trace = find_trace(ask(prompt))
        lines = trace["contenders"] if trace else []
        mine = [line["rung"] for line in lines if line["campaign"] == ad.ad_group.campaign_id]  # type: ignore[attr-defined]
        found += mine[:1] in (["won"], ["outbid"])
    estimate = estimate_reach(plan(*keywords, negatives=tuple(negatives)))
    ad.ad_group.campaign.status = "paused"
    ad.ad_group.campaign.save()
    assert (estimate.requests, estimate.matched, estimate.uncounted) == (len(prompts), found, ())


def test_a_negative_that_excludes_few_requests_changes_no_estimate(market: object) -> None:
    ask("도쿄 항공권 추천", 19)
    ask("도쿄 항공권 오사카 호텔 추천")
    ask("도쿄 항공권 무료", 9)
    alone = estimate_reach(plan(("도쿄 항공권", "phrase")))
    assert alone.matched == 29
    for words in (("오사카 호텔",), ("무료",), ("무료", "오사카 호텔")):
        assert estimate_reach(plan(("도쿄 항공권", "phrase"), negatives=words)) == alone
    ask("도쿄 항공권 무료")
    assert estimate_reach(plan(("도쿄 항공권", "phrase"), negatives=("무료", "오사카 호텔"))).matched == 20


def test_keywords_outside_the_vocabulary_are_reported_as_uncounted(market: object) -> None:
    ask("도쿄 항공권 추천", 12)
    fresh = estimate_reach(plan(("우주 여행", "phrase"), ("달 기지", "broad")))
    assert (fresh.uncounted, fresh.has_counted, fresh.matched) == (("우주 여행", "달 기지"), False, 0)
    mixed = estimate_reach(plan(("우주 여행", "phrase"), ("도쿄 항공권", "phrase")))
    assert (mixed.uncounted, mixed.has_counted, mixed.matched) == (("우주 여행",), True, 12)
    # The terms of a broad keyword can be known although the phrase is not.
    assert estimate_reach(plan(("항공권 도쿄", "broad"))).matched == 12


def test_keywords_added_recently_are_reported_separately(market: object) -> None:
    ask("도쿄 항공권 추천", 12)
    Term.objects.filter(text="도쿄 항공권").update(created_at=timezone.now() + datetime.timedelta(minutes=1))
    assert estimate_reach(plan(("도쿄 항공권", "phrase"))).recent == ("도쿄 항공권",)


def test_without_requests_the_estimate_is_empty(valkey: object) -> None:
    make_ad()
    publish_all()
    assert estimate_reach(plan(("도쿄 항공권", "phrase"))).requests == 0


def test_requests_skipped_by_ad_load_count_and_sensitive_ones_do_not(market: object) -> None:
    FrequencyCaps("ada", at=timezone.now()).record_impression(1)
    request = dataclasses.replace(request_for("도쿄 항공권 추천"), frequency_key="ada")
    assert request_ad(request) == NoAd("ad_load")
    assert estimate_reach(plan(("도쿄 항공권", "phrase"))).requests == 1
    ask("도쿄 항공권 추천", sensitivity="block")
    ask("도쿄 항공권 추천", audience="minor")
    ask("도쿄 항공권 추천", topics=("insurance",))
    assert estimate_reach(plan(("도쿄 항공권", "phrase"))).requests == 1


def test_a_busy_hour_is_stored_as_a_sample(market: "Redis", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_sample, "SAMPLES_PER_HOUR", 10)
    ask("도쿄 항공권 추천", 25)
    kept = request_sample.read_request_sample(at=timezone.now())
    assert (kept.count, len(kept.sample), sum(each.weight for each in kept.sample)) == (25, 10, 25.0)
    assert estimate_reach(plan(("도쿄 항공권", "phrase"))).matched == 25


def test_a_sample_names_no_person_and_no_request(market: "Redis") -> None:
    number = ask("도쿄 항공권 추천", frequency_key="somebody")
    kept = [
        market.lrange(name, 0, -1) for name in market.scan_iter("*:asked:*") if market.type(name) == b"list"
    ]
    assert kept and number not in str(kept) and "somebody" not in str(kept)


@pytest.mark.parametrize(
    ("matched", "about"), [(10, 10), (19, 10), (99, 90), (123, 120), (1_251, 1_300), (98_765, 99_000)]
)
def test_an_estimate_is_no_more_exact_than_it_is(matched: int, about: int) -> None:
    assert ReachEstimate(7, 10**6, matched).about == about
    assert not ReachEstimate(7, 10**6, matched).is_below_minimum


def test_small_counts_are_not_reported() -> None:
    assert ReachEstimate(7, 10**6, 9).is_below_minimum
