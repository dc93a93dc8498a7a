"""Learns the least a click should cost from the bids that were seen: pure, no database, no clock.

Every auction seen is held again under each possible reserve. The best one is the lowest that brings nearly
the most income, among those that surely leave at most a tenth of the sold places empty.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ads.domain.money import BID_STEP

Table = NDArray[np.float64]

# Rivals behind these change neither the price nor whether a place is sold.
MAX_BIDS = 6
MAX_FILL_LOSS = 0.10
# One-sided 95 %: the loss that the auctions seen do not rule out must stay below the most allowed.
Z_SCORE = 1.645
MIN_AUCTIONS = 100
# What is seen elsewhere stands in for as many auctions of a category that has few.
PRIOR_AUCTIONS = 100
INCOME_TOLERANCE = 0.999
# How many reserves are tried from the floor to the highest bids, and then how many around the best of them.
GRID_STEPS, FINE_GRID_STEPS = 60, 20
# One lesson moves a reserve by no more than this, so that a burst of odd bids cannot close a market.
MAX_RISE, MAX_FALL = 1.3, 0.7


@dataclass(frozen=True, slots=True)
class AuctionTable:
    """Auctions, one a row: what each bidder would pay, how that is weighed, and how much the row counts."""

    limits: Table
    qualities: Table
    weights: Table

    def __len__(self) -> int:
        return len(self.limits)


@dataclass(frozen=True, slots=True)
class ReserveEstimate:
    """A reserve, and what it would have changed in the auctions that were seen."""

    reserve_micros: int
    auctions: int
    income_gain: float
    fill_loss: float


def build_auction_table(
    auctions: Sequence[Sequence[tuple[int, float]]], *, weight: float = 1.0
) -> AuctionTable:
    """Lay auctions of (limit, quality) side by side; whoever is missing bids nothing."""
    limits = np.zeros((len(auctions), MAX_BIDS))
    qualities = np.zeros((len(auctions), MAX_BIDS))
    for row, bids in enumerate(auctions):
        for place, (limit, quality) in enumerate(bids[:MAX_BIDS]):
            limits[row, place], qualities[row, place] = limit, quality
    return AuctionTable(limits, qualities, np.full(len(auctions), weight))


def add_prior_auctions(own: AuctionTable, elsewhere: AuctionTable) -> AuctionTable:
    """Return the auctions of a category, with others standing in while it has few of its own."""
    share = max(0, PRIOR_AUCTIONS - len(own)) / max(1, len(elsewhere))
    if not share:
        return own
    return AuctionTable(
        np.concatenate([own.limits, elsewhere.limits]),
        np.concatenate([own.qualities, elsewhere.qualities]),
        np.concatenate([own.weights, elsewhere.weights * min(1.0, share)]),
    )


def estimate_reserve(seen: AuctionTable, *, floor_micros: int, before_micros: int) -> ReserveEstimate:
    """Return the reserve these auctions speak for, one step away from the last one at most."""
    weight = float(seen.weights.sum())
    if weight < MIN_AUCTIONS:
        return ReserveEstimate(floor_micros, len(seen), 0.0, 0.0)
    income_now, fill_now = replay_auctions(seen, floor_micros)
    if income_now <= 0:
        return ReserveEstimate(floor_micros, len(seen), 0.0, 0.0)
    grid = _price_grid(seen, floor_micros)
    known = {reserve: replay_auctions(seen, reserve) for reserve in grid}
    around = _refine_grid(_best_reserve(known, fill_now, weight, floor_micros), grid)
    known |= {reserve: replay_auctions(seen, reserve) for reserve in around}
    wanted = _best_reserve(known, fill_now, weight, floor_micros)
    reserve = max(floor_micros, _limit_step(wanted, max(floor_micros, before_micros)))
    income, fill = replay_auctions(seen, reserve)
    return ReserveEstimate(reserve, len(seen), income / income_now - 1, 1 - fill / fill_now)


def replay_auctions(seen: AuctionTable, reserve_micros: int) -> tuple[float, float]:
    """Hold all auctions again under a reserve; return the income expected and how many places are sold."""
    able = seen.limits >= reserve_micros
    scores = np.where(able, seen.limits * seen.qualities, 0.0)
    if not len(scores):
        return 0.0, 0.0
    rows = np.arange(len(scores))
    best = scores.argmax(axis=1)
    top = scores[rows, best]
    scores[rows, best] = 0.0
    quality = seen.qualities[rows, best]
    rival = scores.max(axis=1)
    needed = np.ceil(rival / np.where(quality > 0, quality, 1.0) / BID_STEP) * BID_STEP
    # As in the auction: a division that lands a hair above a whole tick costs nobody ten won.
    needed -= np.where((needed - BID_STEP) * quality >= rival, BID_STEP, 0) * (needed > 0)
    prices = np.minimum(seen.limits[rows, best], np.maximum(reserve_micros, needed))
    sold = top > 0
    return float((prices * quality * sold) @ seen.weights), float(sold @ seen.weights)


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


def _price_grid(seen: AuctionTable, floor_micros: int) -> list[int]:
    tops = seen.limits.max(axis=1)
    highest = float(np.quantile(tops, 0.95)) if len(tops) else 0.0
    steps = np.geomspace(floor_micros, max(floor_micros, highest), GRID_STEPS)
    return sorted({*_whole_ticks(steps), floor_micros})


def _whole_ticks(steps: Table) -> list[int]:
    return sorted({int(-(-step // BID_STEP)) * BID_STEP for step in steps.tolist()})


def _fill_loss_bound(fill: float, fill_now: float, weight: float) -> float:
    loss = 1 - fill / fill_now
    return loss + Z_SCORE * float(np.sqrt(max(loss, 1 / weight) * (1 - loss) / weight))


def _limit_step(wanted: int, before: int) -> int:
    highest = int(before * MAX_RISE // BID_STEP) * BID_STEP
    lowest = int(-(-before * MAX_FALL // BID_STEP)) * BID_STEP
    return min(max(highest, before + BID_STEP), max(lowest, wanted))
