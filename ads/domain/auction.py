"""The auction: bids weighed by quality, the winner pays the least that would still have won.

Prices are whole ticks of ten won. Ties break by who came first, so the same bids always end the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ads.domain.money import BID_STEP


@dataclass(frozen=True, slots=True)
class Bid:
    """What one ad offers for a click: its paced bid, its reserve, and how likely and fitting a click is."""

    order: int
    advertiser: int
    limit_micros: int
    reserve_micros: int
    quality: float

    @property
    def score(self) -> float:
        """What the ad is ranked by."""
        return self.limit_micros * self.quality


@dataclass(frozen=True, slots=True)
class Sale:
    """A slot sold: to which bid, at which price, and what VCG would have asked."""

    bid: Bid
    price_micros: int
    shadow_price_micros: int


def run_auction(
    bids: Sequence[Bid], *, slots: int = 1, slot_rates: Sequence[float] = (1.0, 0.6, 0.4)
) -> tuple[Sale, ...]:
    """Sell the slots to the best scores, one ad an advertiser, each at the price of the next score."""
    ranked = rank_bids(bids)
    rates = [*slot_rates[:slots], *([0.0] * (slots + 1))]
    sales = []
    for place, bid in enumerate(ranked[:slots]):
        rival = ranked[place + 1].score if place + 1 < len(ranked) else 0.0
        sales.append(Sale(bid, price_to_beat(bid, rival), _shadow_price(ranked, place, slots, rates)))
    return tuple(sales)


def rank_bids(bids: Sequence[Bid]) -> list[Bid]:
    """Order the bids that reach their reserve, best first, the best of each advertiser alone."""
    able = [
        bid
        for bid in bids
        if bid.quality > 0 and floor_tick(bid.limit_micros) >= ceil_tick(bid.reserve_micros)
    ]
    able.sort(key=lambda bid: (-bid.score, bid.order))
    seen: set[int] = set()
    best = []
    for bid in able:
        if bid.advertiser not in seen:
            seen.add(bid.advertiser)
            best.append(bid)
    return best


def price_to_beat(bid: Bid, rival_score: float) -> int:
    """Return the least whole tick at which this bid still reaches its rival's score and its reserve."""
    needed = ceil_tick(rival_score / bid.quality)
    # Dividing what was multiplied can land a hair above a whole tick; nobody pays ten won for that.
    if (needed - BID_STEP) * bid.quality >= rival_score:
        needed -= BID_STEP
    return min(floor_tick(bid.limit_micros), max(ceil_tick(bid.reserve_micros), needed))


def ceil_tick(micros: float) -> int:
    """Return the first whole tick that is not below this amount."""
    return int(-(-micros // BID_STEP)) * BID_STEP


def floor_tick(micros: float) -> int:
    """Return the last whole tick that is not above this amount."""
    return int(micros // BID_STEP) * BID_STEP


def _shadow_price(ranked: Sequence[Bid], place: int, slots: int, rates: Sequence[float]) -> int:
    # VCG: what the others lose by this bid's presence, a click of its own slot.
    harm = 0.0
    for lower in range(place + 1, min(len(ranked), slots + 1)):
        harm += ranked[lower].score * (rates[lower - 1] - rates[lower])
    bid = ranked[place]
    due = harm / (bid.quality * rates[place])
    return min(
        price_to_beat(bid, ranked[place + 1].score if place + 1 < len(ranked) else 0.0),
        max(ceil_tick(bid.reserve_micros), ceil_tick(due)),
    )
