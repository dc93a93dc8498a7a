"""Keywords and bids are suggested from the first day on, and show nothing of a single rival."""

import dataclasses
import datetime
import json
import uuid

import pytest
import redis
from django.test import Client
from django.utils import timezone

from ads.client import request_ad
from ads.domain.money import WON
from ads.infra.redis_client import redis_client
from ads.models import Advertiser, Campaign, Creative, Keyword, LearnedReserve, Term
from ads.portal import bid_forecast
from ads.portal.bid_forecast import BidRange, estimate_bids, forecast
from ads.portal.keyword_ideas import KeywordIdea, suggest_keywords
from ads.reporting.reach_estimate import ReachEstimate
from ads.selection.serving.auction_log import auction_log_key
from testing.ads.inventory import make_ad, make_advertiser, publish_all, request_for

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]
BIDS = BidRange(300 * WON, 350 * WON, 420 * WON, "demo")


def suggest(*seeds: str, taken: tuple[str, ...] = (), limit: int = 200) -> dict[str, KeywordIdea]:
    ideas = suggest_keywords(category="travel", language="any", seeds=seeds, taken=taken, limit=limit)
    return {idea.text: idea for idea in ideas}


def log_auctions(count: int, bid_won: int = 500) -> None:
    rows = [json.dumps([[(bid_won + 10 * (number % 3)) * WON, 1.0]]) for number in range(count)]
    redis_client().rpush(auction_log_key("travel"), *rows)


def test_on_the_first_day_the_demo_suggests_keywords_of_the_category() -> None:
    ideas = suggest("제주 가족 여행")
    assert {"렌터카", "제주 렌터카"} <= ideas.keys()
    assert "이사" not in ideas
    assert next(iter(ideas)).startswith("제주")
    assert {idea.source for idea in ideas.values()} == {"demo"}
    assert ideas["렌터카"].requests_a_week is None
    assert "렌터카" not in suggest("제주", taken=(" 렌터카",))
    assert not any("가" <= sign <= "힣" for sign in next(iter(suggest("a winter in Europe"))))
    english = suggest_keywords(category="travel", language="en", seeds=(), taken=())
    assert english and not any("가" <= sign <= "힣" for idea in english for sign in idea.text)


def test_words_of_the_text_come_first_with_their_counts() -> None:
    make_ad(keywords=(("도쿄 항공권", "broad"),))
    publish_all()
    Term.objects.update(created_at=timezone.now() - datetime.timedelta(days=30))
    for _ in range(25):
        request_ad(dataclasses.replace(request_for("도쿄 항공권 추천"), request_id=str(uuid.uuid4())))
    ideas = suggest("도쿄 항공권을 싸게")
    first = next(iter(ideas.values()))
    assert (first.text, first.match, first.source) == ("도쿄 항공권", "broad", "page")
    assert first.requests_a_week == 180


def test_a_keyword_of_one_rival_never_appears() -> None:
    for number in range(3):
        shop = make_advertiser(f"가게 {number}")
        make_ad(shop, keywords=(("모두의 키워드", "phrase"), (f"비밀 키워드 {number}", "phrase")))
        make_ad(shop, keywords=((f"비밀 키워드 {number}", "broad"),))
    publish_all()
    ideas = suggest("가을 여행")
    assert ideas["모두의 키워드"].source == "market"
    assert not any("비밀" in text for text in ideas)
    Campaign.objects.filter(advertiser__name="가게 0").update(status="paused")
    assert "모두의 키워드" not in suggest("가을 여행")


def test_bids_come_from_the_demo_until_there_are_enough_auctions() -> None:
    assert estimate_bids("travel") == BidRange(300 * WON, 380 * WON, 450 * WON, "demo")
    for number in range(3):
        make_ad(make_advertiser(f"가게 {number}"))
    log_auctions(29)
    assert estimate_bids("travel").source == "demo"
    bid_forecast._winning_bids_cache.clear()
    log_auctions(1)
    assert estimate_bids("travel") == BidRange(500 * WON, 510 * WON, 520 * WON, "auctions", 30)


def test_the_bids_of_a_category_with_few_advertisers_are_not_shown() -> None:
    make_ad(make_advertiser("혼자"))
    log_auctions(200, bid_won=940)
    assert estimate_bids("travel").source == "demo"


def test_no_suggested_bid_is_below_the_reserve() -> None:
    LearnedReserve.objects.create(
        category="travel", reserve_micros=385 * WON, auctions=1, income_gain=0, fill_loss=0
    )
    bids = estimate_bids("travel")
    assert (bids.low_micros, bids.typical_micros, bids.high_micros) == (390 * WON, 390 * WON, 450 * WON)


@pytest.mark.parametrize("reach", [None, ReachEstimate(2, 37, 4), ReachEstimate(1, 0, 0, has_counted=False)])
def test_without_enough_counts_the_forecast_is_what_the_budget_buys(reach: ReachEstimate | None) -> None:
    result = forecast(reach, BIDS, bid_micros=350 * WON, daily_budget_micros=10_000 * WON)
    assert (result.budget_clicks, result.clicks_high, result.is_bid_low) == (28, None, False)


def test_the_forecast_is_a_range_within_the_budget() -> None:
    reach = ReachEstimate(days=7, requests=9_000, matched=7_000)
    result = forecast(reach, BIDS, bid_micros=200 * WON, daily_budget_micros=10_000 * WON)
    assert (result.clicks_low, result.clicks_high) == (7.5, 30.0)
    assert (result.spend_low_micros, result.spend_high_micros) == (1_500 * WON, 6_000 * WON)
    assert (result.is_bid_low, result.is_capped) == (True, False)
    small = forecast(reach, BIDS, bid_micros=200 * WON, daily_budget_micros=2_000 * WON)
    assert (small.clicks_high, small.spend_high_micros, small.is_capped) == (10, 2_000 * WON, True)


def test_the_form_suggests_a_bid_and_adds_chosen_ideas(
    portal_client: Client, shop: Advertiser, campaign: Campaign, ad: Creative
) -> None:
    publish_all()
    url = f"/advertise/{shop.public_id}/campaigns/{campaign.public_id}/groups/new/"
    page = portal_client.get(url)
    assert page.context["form"]["default_bid"].value() == "380"
    assert "시연 광고(300원–450원)" in page.content.decode()
    assert "클릭당 380원이라면 하루 예산으로 클릭 131번까지" in page.content.decode()
    group = {"name": "여행", "default_bid": "350", "language": "any", "device": "any"}
    group |= {"phrase": "내 키워드, 500"}
    chosen = {"add_ideas": "yes", "idea": ["phrase:렌터카", "broad:제주 렌터카", "x:나쁨", "phrase:<b>"]}
    page = portal_client.post(url, group | chosen)
    assert page.context["form"]["phrase"].value() == "내 키워드, 500\n렌터카\n<b>"
    assert page.context["form"]["broad"].value() == "제주 렌터카"
    assert "<b>" not in page.content.decode().split("<textarea", 1)[1].split("</form>")[0]
    assert 'value="phrase:렌터카"' not in page.content.decode()
    assert Keyword.objects.count() == 1


def test_without_valkey_ideas_and_bids_come_from_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    publish_all()
    gone = redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.1)
    monkeypatch.setattr("ads.selection.serving.request_sample.redis_client", lambda: gone)
    monkeypatch.setattr("ads.selection.serving.auction_log.redis_client", lambda: gone)
    assert suggest("제주")
    assert estimate_bids("travel").source == "demo"
