"""What a click costs in a category, and what a bid and a daily budget are likely to bring."""

import logging
import statistics
from dataclasses import dataclass
from threading import Lock
from typing import Literal

import redis
from cachetools import TTLCache, cached
from django.conf import settings

from ads.demo.load import read_demo
from ads.domain.auction import floor_price_micros
from ads.domain.money import BID_STEP, MIN_BID, WON
from ads.reporting.market_demand import has_many_bidders
from ads.reporting.reach_estimate import ReachEstimate
from ads.selection.building.learned_models import current_reserves
from ads.selection.core.click_rates import DEFAULT_CLICK_RATE
from ads.selection.serving.auction_log import read_auctions

logger = logging.getLogger(__name__)

# Fewer auctions say little about what it takes to win one.
MIN_AUCTIONS = 30
CACHED_SECONDS = 60
_winning_bids_cache: TTLCache[str, list[int]] = TTLCache(64, ttl=CACHED_SECONDS)
_winning_bids_lock = Lock()

BidSource = Literal["auctions", "demo", "floor"]


@dataclass(frozen=True, slots=True)
class BidRange:
    """What winning bids of a category usually are, in whole steps and never below its minimum."""

    low_micros: int
    typical_micros: int
    high_micros: int
    source: BidSource
    auctions: int = 0


@dataclass(frozen=True, slots=True)
class Forecast:
    """The clicks that a daily budget buys, and what recent requests would have brought."""

    budget_clicks: int
    price_micros: int
    is_bid_low: bool
    clicks_low: float | None = None
    clicks_high: float | None = None
    spend_low_micros: int = 0
    spend_high_micros: int = 0
    is_capped: bool = False


def estimate_bids(category: str) -> BidRange:
    """Return the usual winning bids of a category: of its auctions, else of the demo, else its minimum."""
    floor = floor_price_micros(settings.ADS_FLOOR_WON)
    least = max(MIN_BID, floor, current_reserves().get(category, floor))
    winners = _winning_bids(category)
    if len(winners) >= MIN_AUCTIONS and has_many_bidders(category):
        low, middle, high = (int(each) for each in statistics.quantiles(winners, n=4))
        return _bid_range(low, middle, high, least, "auctions", len(winners))
    demo = [entry["bid_won"] * WON for entry in read_demo() if entry["category"] == category]
    if demo:
        return _bid_range(min(demo), int(statistics.median(demo)), max(demo), least, "demo")
    return _bid_range(least, least, least, least, "floor")


def forecast(
    reach: ReachEstimate | None, bids: BidRange, *, bid_micros: int, daily_budget_micros: int
) -> Forecast:
    """Return what a bid and a daily budget are likely to bring; counts only from MIN_REPORTED matches on."""
    price = max(MIN_BID, min(bid_micros, bids.typical_micros))
    affordable = daily_budget_micros // price
    is_low = bid_micros < bids.low_micros
    if reach is None or not reach.has_counted or reach.is_below_minimum:
        return Forecast(affordable, price, is_low)
    expected = reach.about / reach.days * DEFAULT_CLICK_RATE
    # The click rate of an ad that nobody has seen is unknown: half and double the usual one.
    low, high = (min(affordable, expected * share) for share in (0.5, 2.0))
    return Forecast(
        budget_clicks=affordable,
        price_micros=price,
        is_bid_low=is_low,
        clicks_low=low,
        clicks_high=high,
        spend_low_micros=round(low * price),
        spend_high_micros=round(high * price),
        is_capped=expected * 2.0 > affordable,
    )


@cached(_winning_bids_cache, lock=_winning_bids_lock)
def _winning_bids(category: str) -> list[int]:
    """Return the highest-ranked bid of each logged auction of the category."""
    try:
        return [auction[0][0] for auction in read_auctions(category) if auction]
    except redis.RedisError:
        logger.warning("no bid range from auctions: Valkey is unavailable")
        return []


def _bid_range(
    low: int, typical: int, high: int, least: int, source: BidSource, auctions: int = 0
) -> BidRange:
    low, typical, high = (-(-max(least, each) // BID_STEP) * BID_STEP for each in (low, typical, high))
    return BidRange(low, typical, high, source, auctions)
