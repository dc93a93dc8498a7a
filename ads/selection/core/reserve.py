"""Estimates a category's reserve price from logged bids: empirical revenue maximisation. Pure.

Logged auctions are replayed as second-price auctions under each candidate reserve of a grid (the empirical
form of Myerson's reserve, 1981; Cesa-Bianchi, Gentile & Mansour 2015). The estimate is the lowest reserve
whose revenue is within INCOME_TOLERANCE of the best, among those whose upper confidence bound on the lost
fill is at most MAX_FILL_LOSS. A change is limited to one step (MAX_RISE, MAX_FALL). Bids are taken as they
were logged: the estimate does not model bidders that react to the reserve.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ads.domain.money import BID_STEP

Float64Array = NDArray[np.float64]

# Lower bids change neither the price nor whether the slot is sold.
MAX_BIDS = 6
MAX_FILL_LOSS = 0.10
# One-sided 95 % confidence.
Z_SCORE = 1.645
MIN_AUCTIONS = 100
# A category with fewer auctions is filled up to this weight with auctions of all categories.
PRIOR_AUCTIONS = 100
INCOME_TOLERANCE = 0.999
# Candidates from the floor to the highest bids, and then around the best of them.
GRID_STEPS, FINE_GRID_STEPS = 60, 20
# Bounds of one update, so that a burst of odd bids cannot price out a category.
MAX_RISE, MAX_FALL = 1.3, 0.7


@dataclass(frozen=True, slots=True)
class AuctionTable:
    """n auctions: limits in micros and qualities of shape (n, MAX_BIDS), and weights of shape (n,)."""

    limits: Float64Array
    qualities: Float64Array
    weights: Float64Array

    def __len__(self) -> int:
        return len(self.limits)


@dataclass(frozen=True, slots=True)
class ReserveEstimate:
    """A reserve, and the changes of income and fill it would have made in the logged auctions (as shares)."""

    reserve_micros: int
    auctions: int
    income_gain: float
    fill_loss: float


def build_auction_table(
    auctions: Sequence[Sequence[tuple[int, float]]], *, weight: float = 1.0
) -> AuctionTable:
    """Return a table of auctions given as (limit, quality) pairs; missing bids are zero."""
    limits = np.zeros((len(auctions), MAX_BIDS))
    qualities = np.zeros((len(auctions), MAX_BIDS))
    for row, bids in enumerate(auctions):
        for place, (limit, quality) in enumerate(bids[:MAX_BIDS]):
            limits[row, place], qualities[row, place] = limit, quality
    return AuctionTable(limits, qualities, np.full(len(auctions), weight))


def add_prior_auctions(own: AuctionTable, all_auctions: AuctionTable) -> AuctionTable:
    """Return the category's auctions, filled up with weighted ones of all categories while it has few."""
    share = max(0, PRIOR_AUCTIONS - len(own)) / max(1, len(all_auctions))
    if not share:
        return own
    return AuctionTable(
        np.concatenate([own.limits, all_auctions.limits]),
        np.concatenate([own.qualities, all_auctions.qualities]),
        np.concatenate([own.weights, all_auctions.weights * min(1.0, share)]),
    )


def estimate_reserve(auctions: AuctionTable, *, floor_micros: int, before_micros: int) -> ReserveEstimate:
    """Return the estimated reserve, at most one step away from the previous one."""
    weight = float(auctions.weights.sum())
    if weight < MIN_AUCTIONS:
        return ReserveEstimate(floor_micros, len(auctions), 0.0, 0.0)
    income_now, fill_now = replay_auctions(auctions, floor_micros)
    if income_now <= 0:
        return ReserveEstimate(floor_micros, len(auctions), 0.0, 0.0)
    grid = _price_grid(auctions, floor_micros)
    known = {reserve: replay_auctions(auctions, reserve) for reserve in grid}
    around = _refine_grid(_best_reserve(known, fill_now, weight, floor_micros), grid)
    known |= {reserve: replay_auctions(auctions, reserve) for reserve in around}
    wanted = _best_reserve(known, fill_now, weight, floor_micros)
    reserve = max(floor_micros, _limit_step(wanted, max(floor_micros, before_micros)))
    income, fill = replay_auctions(auctions, reserve)
    return ReserveEstimate(reserve, len(auctions), income / income_now - 1, 1 - fill / fill_now)


def replay_auctions(auctions: AuctionTable, reserve_micros: int) -> tuple[float, float]:
    """Replay the auctions under a reserve; return the expected income in micros and the sold weight."""
    reaches_reserve = auctions.limits >= reserve_micros
    scores = np.where(reaches_reserve, auctions.limits * auctions.qualities, 0.0)
    if not len(scores):
        return 0.0, 0.0
    rows = np.arange(len(scores))
    best = scores.argmax(axis=1)
    top = scores[rows, best]
    scores[rows, best] = 0.0
    quality = auctions.qualities[rows, best]
    rival = scores.max(axis=1)
    needed = np.ceil(rival / np.where(quality > 0, quality, 1.0) / BID_STEP) * BID_STEP
    # As in domain/auction.py: a division that lands slightly above a whole tick is not rounded up.
    needed -= np.where((needed - BID_STEP) * quality >= rival, BID_STEP, 0) * (needed > 0)
    prices = np.minimum(auctions.limits[rows, best], np.maximum(reserve_micros, needed))
    sold = top > 0
    return float((prices * quality * sold) @ auctions.weights), float(sold @ auctions.weights)


def _best_reserve(
    known: dict[int, tuple[float, float]], fill_now: float, weight: float, floor_micros: int
) -> int:
    kept = {
        reserve: income
        for reserve, (income, fill) in known.items()
        if _fill_loss_bound(fill, fill_now, weight) <= MAX_FILL_LOSS
    }
    most = max(kept.values(), default=0.0)
    return min(
        (reserve for reserve, income in kept.items() if income >= INCOME_TOLERANCE * most),
        default=floor_micros,
    )


def _refine_grid(reserve: int, grid: list[int]) -> list[int]:
    place = grid.index(reserve)
    lowest, highest = grid[max(0, place - 1)], grid[min(len(grid) - 1, place + 1)]
    return _whole_ticks(np.linspace(lowest, highest, FINE_GRID_STEPS))


def _price_grid(auctions: AuctionTable, floor_micros: int) -> list[int]:
    tops = auctions.limits.max(axis=1)
    highest = float(np.quantile(tops, 0.95)) if len(tops) else 0.0
    steps = np.geomspace(floor_micros, max(floor_micros, highest), GRID_STEPS)
    return sorted({*_whole_ticks(steps), floor_micros})


def _whole_ticks(steps: Float64Array) -> list[int]:
    return sorted({int(-(-step // BID_STEP)) * BID_STEP for step in steps.tolist()})


def _fill_loss_bound(fill: float, fill_now: float, weight: float) -> float:
    loss = 1 - fill / fill_now
    return loss + Z_SCORE * float(np.sqrt(max(loss, 1 / weight) * (1 - loss) / weight))


def _limit_step(wanted: int, before: int) -> int:
    highest = int(before * MAX_RISE // BID_STEP) * BID_STEP
    lowest = int(-(-before * MAX_FALL // BID_STEP)) * BID_STEP
    return min(max(highest, before + BID_STEP), max(lowest, wanted))
