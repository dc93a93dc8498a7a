"""The price does not depend on the winner's own bid: by the auction's rule, and in the whole market."""

import uuid

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ads.client import request_ad
from ads.contract import ServedAd
from ads.domain.auction import Bid, rank_bids, run_auction
from ads.domain.money import BID_STEP, MIN_BID, WON
from ads.models import AdGroup, Offer
from testing.ads.inventory import make_ad, make_advertiser, publish_all, request_for

PROMPT = "도쿄 항공권 싸게 사는 법"
ticks = st.integers(8, 300).map(lambda count: count * BID_STEP)
qualities = st.floats(0.2, 1.0, allow_nan=False)


@given(quality=qualities, limit=ticks, more=st.integers(0, 40))
def test_a_price_that_is_a_whole_tick_is_not_a_tick_more(quality: float, limit: int, more: int) -> None:
    bids = [Bid(0, 0, limit + more * BID_STEP, MIN_BID, quality), Bid(1, 1, limit, MIN_BID, quality)]
    sale = run_auction(bids)
    assert sale is not None and sale.price_micros == limit


@given(
    limits=st.lists(ticks, min_size=2, max_size=6),
    mine=st.integers(0, 5),
    more=st.integers(1, 80),
)
def test_a_rival_that_bids_more_raises_no_other_rank(limits: list[int], mine: int, more: int) -> None:
    bids = [Bid(order, order, limit, MIN_BID, 0.5) for order, limit in enumerate(limits)]
    rival = bids[mine % len(bids)]
    raised = [
        Bid(bid.order, bid.advertiser, bid.limit_micros + more * BID_STEP * (bid == rival), MIN_BID, 0.5)
        for bid in bids
    ]
    before = [bid.order for bid in rank_bids(bids)]
    after = [bid.order for bid in rank_bids(raised)]
    for each in set(before) - {rival.order}:
        assert after.index(each) >= before.index(each)
    sale, again = run_auction(bids), run_auction(raised)
    if sale is not None and again is not None and again.bid.order == sale.bid.order != rival.order:
        assert again.price_micros >= sale.price_micros


@given(limits=st.lists(ticks, min_size=2, max_size=6), step=st.integers(1, 40))
def test_a_price_rises_with_the_next_score_and_with_nothing_below_it(limits: list[int], step: int) -> None:
    bids = [
        Bid(order, order, limit, MIN_BID, 0.5) for order, limit in enumerate(sorted(limits, reverse=True))
    ]
    sale = run_auction(bids)
    assert sale is not None
    below = [*bids[:2], *(Bid(b.order, b.advertiser, MIN_BID, MIN_BID, 0.5) for b in bids[2:])]
    assert run_auction(below) == sale
    room = max(0, bids[0].limit_micros - bids[1].limit_micros)
    closer = bids[1].limit_micros + min(room, step * BID_STEP)
    again = run_auction([bids[0], Bid(1, 1, closer, MIN_BID, 0.5), *bids[2:]])
    assert again is not None and again.bid == sale.bid and again.price_micros >= sale.price_micros


def set_bid(advertiser: str, micros: int) -> None:
    group = AdGroup.objects.get(campaign__advertiser__name=advertiser)
    group.default_bid_micros = micros
    group.save()
    publish_all()


def sell() -> tuple[str, int]:
    """Return the winner and the price; exploration requests are skipped."""
    for _ in range(50):
        ad = request_ad(request_for(PROMPT))
        assert isinstance(ad, ServedAd)
        offer = Offer.objects.get(pk=ad.offer)
        assert offer.reserve_micros <= offer.price_micros <= offer.bid_micros
        assert offer.shadow_price_micros <= offer.price_micros
        if not offer.is_explored:
            return ad.advertiser, offer.price_micros
    raise AssertionError("nothing but experiments")


@pytest.mark.django_db
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    bids=st.lists(st.integers(8, 60), min_size=2, max_size=5, unique=True),
    more=st.integers(1, 30),
    rival_more=st.integers(1, 30),
)
def test_in_the_market_a_winner_s_own_bid_and_lower_rivals_do_not_move_its_price(
    valkey: object, bids: list[int], more: int, rival_more: int
) -> None:
    ranked = sorted(bids, reverse=True)
    with transaction.atomic():
        names = [uuid.uuid4().hex[:8] for _ in ranked]
        for name, bid in zip(names, ranked, strict=True):
            make_ad(make_advertiser(name), bid_won=bid * 10)
        publish_all()
        winner, price = sell()
        # All ads are alike, so the highest bid wins at the second highest.
        assert (winner, price) == (names[0], ranked[1] * 10 * WON)
        set_bid(names[0], (ranked[0] + more) * 10 * WON)
        assert sell() == (winner, price)
        if len(ranked) > 2:
            set_bid(names[-1], min(ranked[-1] + rival_more, ranked[1]) * 10 * WON)
            assert sell()[1] >= price
        set_bid(names[1], (ranked[0] + more + rival_more) * 10 * WON)
        assert sell() == (names[1], (ranked[0] + more) * 10 * WON)
        transaction.set_rollback(True)
