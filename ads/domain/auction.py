"""The auction for the one ad slot of an answer: a generalised second-price auction with quality scores.

Bids are ranked by limit × quality; the winner pays the lowest price that still wins (Edelman, Ostrovsky &
Schwarz 2007; Varian 2007). With one slot this is also the VCG price. Prices are whole ticks of ten won, and
ties go to the lower `order`, so the same bids always give the same sale.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ads.domain.money import BID_STEP, WON


@dataclass(frozen=True, slots=True)
class Bid:
    """One ad's offer for a click: its limit after pacing, its reserve, and its quality (rate × relevance)."""

    order: int
    advertiser: int
    limit_micros: int
    reserve_micros: int
    quality: float

    @property
    def score(self) -> float:
        """The rank score: limit × quality."""
        return self.limit_micros * self.quality


@dataclass(frozen=True, slots=True)
class Sale:
    """The winning bid and its price per click."""

    bid: Bid
    price_micros: int


def run_auction(bids: Sequence[Bid]) -> Sale | None:
    """Sell the slot to the best score at the price of the next; None when no bid reaches its reserve."""
    ranked = rank_bids(bids)
    if not ranked:
        return None
    rival_score = ranked[1].score if len(ranked) > 1 else 0.0
    return Sale(ranked[0], price_to_beat(ranked[0], rival_score))


def rank_bids(bids: Sequence[Bid]) -> list[Bid]:
    """Return the bids that reach their reserve, best score first, only the best bid of each advertiser."""
    eligible = [
        bid
        for bid in bids
        if bid.quality > 0 and floor_tick(bid.limit_micros) >= ceil_tick(bid.reserve_micros)
    ]
    eligible.sort(key=lambda bid: (-bid.score, bid.order))
    best: dict[int, Bid] = {}
    for bid in eligible:
        best.setdefault(bid.advertiser, bid)
    return list(best.values())


def price_to_beat(bid: Bid, rival_score: float) -> int:
    """Return the lowest whole tick at which this bid still reaches its rival's score and its reserve."""
    needed = ceil_tick(rival_score / bid.quality)
    # The division can land slightly above a whole tick; rounding it up would overcharge by one tick.
    if (needed - BID_STEP) * bid.quality >= rival_score:
        needed -= BID_STEP
    return min(floor_tick(bid.limit_micros), max(ceil_tick(bid.reserve_micros), needed))


def ceil_tick(micros: float) -> int:
    """Return the smallest whole tick that is not below this amount."""
    return int(-(-micros // BID_STEP)) * BID_STEP


def floor_tick(micros: float) -> int:
    """Return the largest whole tick that is not above this amount."""
    return int(micros // BID_STEP) * BID_STEP


def floor_price_micros(floor_won: int) -> int:
    """Return the lowest price of a click in any category: the floor setting, rounded up to a whole tick."""
    return max(BID_STEP, ceil_tick(floor_won * WON))
