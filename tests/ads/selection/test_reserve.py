import numpy as np
import pytest
from django.test import override_settings
from hypothesis import example, given
from hypothesis import strategies as st

from ads.client import request_ad
from ads.contract import NoAd, ServedAd
from ads.domain.auction import Bid, floor_price_micros, run_auction
from ads.domain.money import BID_STEP, MIN_BID, WON
from ads.infra.redis_client import redis_client
from ads.models import Campaign, LearnedReserve, Offer
from ads.selection.building.inventory_reader import fingerprint
from ads.selection.building.learned_models import current_reserves
from ads.selection.core.reserve import (
    MAX_FILL_LOSS,
    MAX_RISE,
    MIN_AUCTIONS,
    AuctionTable,
    add_prior_auctions,
    build_auction_table,
    estimate_reserve,
    replay_auctions,
)
from ads.selection.jobs.reserve_learning import update_reserves
from ads.selection.serving.auction_log import auction_log_key, read_auctions
from testing.ads.inventory import make_ad, make_advertiser, publish_all, request_for

PROMPT = "도쿄 항공권 싸게 사는 법"
BIDS = st.lists(st.tuples(st.integers(7, 90), st.floats(0.001, 0.05)), min_size=1, max_size=6)


def market(spread: float, *, bidders: int = 3, count: int = 1_500, seed: int = 4) -> AuctionTable:
    random = np.random.default_rng(seed)
    won = np.exp(np.log(200) + spread * random.standard_normal((count, bidders)))
    limits = np.floor(won * WON / BID_STEP) * BID_STEP
    return AuctionTable(np.where(limits >= MIN_BID, limits, 0.0), np.full(limits.shape, 0.01), np.ones(count))


def learn(seen: AuctionTable, *, lessons: int = 12) -> int:
    reserve = MIN_BID
    for _ in range(lessons):
        reserve = estimate_reserve(seen, floor_micros=MIN_BID, before_micros=reserve).reserve_micros
    return reserve


@given(BIDS, st.integers(7, 60))
@example([(19, 0.024196466368953524), (20, 0.024196466368953524)], 7)
def test_a_replayed_auction_ends_as_the_real_one_would(bids: list[tuple[int, float]], ticks: int) -> None:
    reserve = ticks * BID_STEP
    auction = [(limit * BID_STEP, quality) for limit, quality in bids]
    sale = run_auction(
        [Bid(place, place, limit, reserve, quality) for place, (limit, quality) in enumerate(auction)]
    )
    income, filled = replay_auctions(build_auction_table([auction]), reserve)
    assert filled == (sale is not None)
    assert income == pytest.approx(sale.price_micros * sale.bid.quality if sale else 0)


@pytest.mark.parametrize("spread", [0.3, 0.6, 0.9])
@pytest.mark.parametrize("bidders", [2, 3, 5])
def test_a_learned_reserve_earns_more_than_the_floor_and_leaves_few_places_empty(
    spread: float, bidders: int
) -> None:
    reserve = learn(market(spread, bidders=bidders))
    others = market(spread, bidders=bidders, count=4_000, seed=9)
    income, fill = replay_auctions(others, reserve)
    floor_income, floor_fill = replay_auctions(others, MIN_BID)
    assert income >= 0.995 * floor_income
    assert fill >= (1 - MAX_FILL_LOSS) * floor_fill


@pytest.mark.parametrize("won", [410, 870, 1_230])
def test_a_price_that_many_bid_is_missed_by_a_tick_at_most(won: int) -> None:
    seen = market(0.3, bidders=5)
    many = np.random.default_rng(1).random(seen.limits.shape) < 0.6
    limits = np.where(many, won * WON, np.minimum(seen.limits, 300 * WON))
    learned = learn(AuctionTable(limits, seen.qualities, seen.weights), lessons=16)
    assert won * WON - BID_STEP <= learned <= won * WON


def test_few_auctions_change_no_reserve() -> None:
    few = market(0.6, count=MIN_AUCTIONS - 1)
    assert estimate_reserve(few, floor_micros=MIN_BID, before_micros=MIN_BID).reserve_micros == MIN_BID
    assert (
        estimate_reserve(build_auction_table([]), floor_micros=MIN_BID, before_micros=0).reserve_micros
        == MIN_BID
    )


def test_one_update_moves_a_reserve_by_one_step() -> None:
    lesson = estimate_reserve(market(0.4), floor_micros=MIN_BID, before_micros=100 * WON)
    assert 100 * WON < lesson.reserve_micros <= MAX_RISE * 100 * WON


def test_a_category_with_few_auctions_borrows_from_the_others() -> None:
    own, elsewhere = market(0.4, count=10), market(0.6, count=1_000)
    borrowed = add_prior_auctions(own, elsewhere)
    assert borrowed.weights.sum() == pytest.approx(100)
    assert add_prior_auctions(market(0.4, count=400), elsewhere).weights.sum() == 400


def test_the_floor_is_a_whole_tick() -> None:
    assert floor_price_micros(70) == 70 * WON
    assert floor_price_micros(75) == 80 * WON
    assert floor_price_micros(1) == 10 * WON


@pytest.mark.django_db
@pytest.mark.usefixtures("valkey")
def test_the_floor_of_the_settings_is_what_a_lone_bidder_pays() -> None:
    make_ad(bid_won=300)
    before = fingerprint()
    with override_settings(ADS_FLOOR_WON=120):
        assert fingerprint() != before
        publish_all()
        assert isinstance(request_ad(request_for(PROMPT)), ServedAd)
    offer = Offer.objects.get()
    assert (offer.price_micros, offer.reserve_micros) == (120 * WON, 120 * WON)


@pytest.mark.django_db
@pytest.mark.usefixtures("valkey")
def test_logged_bids_set_the_reserve_of_their_category() -> None:
    for number, bid in enumerate((400, 380, 350)):
        make_ad(make_advertiser(f"Rival {number}"), bid_won=bid)
    make_ad(make_advertiser("Poor"), bid_won=80)
    publish_all()
    for _ in range(MIN_AUCTIONS):
        request_ad(request_for(PROMPT))
    assert len(read_auctions("travel")) == MIN_AUCTIONS
    for _ in range(8):
        update_reserves(floor_micros=MIN_BID)
    learned = current_reserves()["travel"]
    assert 300 * WON < learned <= 400 * WON
    row = LearnedReserve.objects.latest("id")
    assert (row.auctions, row.fill_loss) == (MIN_AUCTIONS, 0)
    publish_all()
    Campaign.objects.exclude(advertiser__name="Poor").update(status="paused")
    publish_all()
    assert request_ad(request_for(PROMPT)) == NoAd("below_threshold")


@pytest.mark.django_db
@pytest.mark.usefixtures("valkey")
def test_a_reserve_that_excludes_bidders_falls_again() -> None:
    LearnedReserve.objects.create(
        category="travel", reserve_micros=500 * WON, auctions=1, income_gain=0, fill_loss=0, provenance="test"
    )
    make_ad(bid_won=90)
    publish_all()
    for _ in range(MIN_AUCTIONS):
        assert request_ad(request_for(PROMPT)) == NoAd("below_threshold")
    for _ in range(6):
        update_reserves(floor_micros=MIN_BID)
    publish_all()
    assert isinstance(request_ad(request_for(PROMPT)), ServedAd)


@pytest.mark.django_db
@pytest.mark.usefixtures("valkey")
def test_one_person_adds_one_auction_to_a_category_an_hour() -> None:
    words = ("도쿄 항공권", "오사카 숙소", "교토 여행")
    make_ad(bid_won=400, keywords=tuple((text, "phrase") for text in words))
    publish_all()
    with override_settings(ADS_ANSWERS_PER_AD=1):
        for word in words:
            assert isinstance(request_ad(request_for(f"{word} 가격", frequency_key="ada-today")), ServedAd)
    assert len(read_auctions("travel")) == 1
    request_ad(request_for("도쿄 항공권 가격", frequency_key="grace-today"))
    assert len(read_auctions("travel")) == 2
    assert redis_client().ttl(auction_log_key("travel")) > 0
