from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ads.domain.auction import Bid, rank_bids, run_auction
from ads.domain.money import BID_STEP, MIN_BID, WON

qualities = st.floats(min_value=0.001, max_value=1.0, allow_nan=False)
ticks = st.integers(7, 400).map(lambda count: count * BID_STEP)
reserves = st.integers(7, 100).map(lambda count: count * BID_STEP)


@st.composite
def fields(draw: st.DrawFn, *, advertisers: int = 6) -> list[Bid]:
    count = draw(st.integers(1, 8))
    return [
        Bid(
            order=number,
            advertiser=draw(st.integers(1, advertisers)),
            limit_micros=draw(ticks),
            reserve_micros=draw(reserves),
            quality=draw(qualities),
        )
        for number in range(count)
    ]


@given(bids=fields())
def test_a_price_is_never_below_the_reserve_nor_above_the_bid(bids: list[Bid]) -> None:
    sale = run_auction(bids)
    if sale is not None:
        assert sale.bid.reserve_micros <= sale.price_micros <= sale.bid.limit_micros
        assert sale.price_micros % BID_STEP == 0


@given(bids=fields())
def test_an_advertiser_takes_part_with_one_bid_at_most(bids: list[Bid]) -> None:
    owners = [bid.advertiser for bid in rank_bids(bids)]
    assert len(owners) == len(set(owners))


@given(bids=fields(), more=st.integers(1, 50))
def test_the_price_does_not_depend_on_the_winners_own_bid(bids: list[Bid], more: int) -> None:
    sale = run_auction(bids)
    if sale is None:
        return
    raised = [
        replace(bid, limit_micros=bid.limit_micros + more * BID_STEP) if bid == sale.bid else bid
        for bid in bids
    ]
    again = run_auction(raised)
    assert again is not None
    assert again.bid.order == sale.bid.order
    # A tick of rounding can cap the lower bid at itself; the raised one then pays the uncapped price.
    assert sale.price_micros <= again.price_micros <= sale.price_micros + BID_STEP


@given(bids=fields(), place=st.integers(0, 7), more=st.integers(1, 50))
def test_raising_a_bid_never_lowers_its_rank(bids: list[Bid], place: int, more: int) -> None:
    mine = bids[place % len(bids)]
    raised = [
        replace(bid, limit_micros=bid.limit_micros + more * BID_STEP) if bid == mine else bid for bid in bids
    ]
    before = [bid.advertiser for bid in rank_bids(bids)]
    after = [bid.advertiser for bid in rank_bids(raised)]
    if mine.advertiser in before:
        assert after.index(mine.advertiser) <= before.index(mine.advertiser)
    for rival in set(before) - {mine.advertiser}:
        assert after.index(rival) >= before.index(rival)


@given(bids=fields(), more=st.integers(1, 50))
def test_a_stronger_rival_never_lowers_the_price(bids: list[Bid], more: int) -> None:
    ranked = rank_bids(bids)
    if len(ranked) < 2:
        return
    sale = run_auction(bids)
    rival = replace(ranked[1], limit_micros=ranked[1].limit_micros + more * BID_STEP)
    again = run_auction([rival if bid == ranked[1] else bid for bid in bids])
    assert sale is not None and again is not None
    if again.bid == sale.bid:
        assert again.price_micros >= sale.price_micros


@given(bids=fields(), shuffled=st.randoms())
def test_the_order_of_arrival_in_memory_does_not_matter(bids: list[Bid], shuffled: object) -> None:
    mixed = list(bids)
    shuffled.shuffle(mixed)  # type: ignore[attr-defined]
    assert run_auction(mixed) == run_auction(bids)


def test_equal_scores_go_to_the_first() -> None:
    bids = [Bid(order, order, 100 * WON, MIN_BID, 0.5) for order in range(3)]
    sale = run_auction(bids)
    assert sale is not None and sale.bid.order == 0 and sale.price_micros == 100 * WON


def test_a_lone_bid_pays_its_reserve() -> None:
    sale = run_auction([Bid(0, 1, 900 * WON, 80 * WON, 0.3)])
    assert sale is not None and sale.price_micros == 80 * WON


def test_quality_can_beat_money() -> None:
    rich = Bid(0, 1, 500 * WON, MIN_BID, 0.01)
    affordable = Bid(1, 2, 200 * WON, MIN_BID, 0.03)
    sale = run_auction([rich, affordable])
    assert sale is not None and sale.bid == affordable
    assert sale.price_micros == 170 * WON


def test_a_bid_below_its_reserve_stays_out() -> None:
    assert run_auction([Bid(0, 1, 90 * WON, 100 * WON, 1.0)]) is None
