"""Learns the least a click should cost from the bids that were seen: pure, no database, no clock.

Every auction seen is held again under each possible reserve. The best one is the lowest that brings nearly
the most income, among those that surely leave at most a tenth of the sold places empty.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ads.money import TICK

Table = NDArray[np.float64]

# Rivals behind these change neither the price nor whether a place is sold.
KEPT_BIDS = 6
MOST_FILL_LOSS = 0.10
# One-sided 95 %: the loss that the auctions seen do not rule out must stay below the most allowed.
CAUTION = 1.645
LEAST_AUCTIONS = 100
# What is seen elsewhere stands in for as many auctions of a category that has few.
BORROWED = 100
NEARLY_MOST = 0.999
# How many reserves are tried from the floor to the highest bids, and then how many around the best of them.
STEPS, CLOSER_STEPS = 60, 20
# One lesson moves a reserve by no more than this, so that a burst of odd bids cannot close a market.
MOST_RISE, MOST_FALL = 1.3, 0.7


@dataclass(frozen=True, slots=True)
class Seen:
    """Auctions, one a row: what each bidder would pay, how that is weighed, and how much the row counts."""

    limits: Table
    qualities: Table
    weights: Table

    def __len__(self) -> int:
        return len(self.limits)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A reserve, and what it would have changed in the auctions that were seen."""

    reserve_micros: int
    auctions: int
    income_gain: float
    fill_loss: float


def lay_auctions(auctions: Sequence[Sequence[tuple[int, float]]], *, weight: float = 1.0) -> Seen:
    """Lay auctions of (limit, quality) side by side; whoever is missing bids nothing."""
    limits = np.zeros((len(auctions), KEPT_BIDS))
    qualities = np.zeros((len(auctions), KEPT_BIDS))
    for row, bids in enumerate(auctions):
        for place, (limit, quality) in enumerate(bids[:KEPT_BIDS]):
            limits[row, place], qualities[row, place] = limit, quality
    return Seen(limits, qualities, np.full(len(auctions), weight))


def borrow(own: Seen, elsewhere: Seen) -> Seen:
    """Return the auctions of a category, with others standing in while it has few of its own."""
    share = max(0, BORROWED - len(own)) / max(1, len(elsewhere))
    if not share:
        return own
    return Seen(
        np.concatenate([own.limits, elsewhere.limits]),
        np.concatenate([own.qualities, elsewhere.qualities]),
        np.concatenate([own.weights, elsewhere.weights * min(1.0, share)]),
    )


def learn_reserve(seen: Seen, *, floor_micros: int, before_micros: int) -> Lesson:
    """Return the reserve these auctions speak for, one step away from the last one at most."""
    weight = float(seen.weights.sum())
    if weight < LEAST_AUCTIONS:
        return Lesson(floor_micros, len(seen), 0.0, 0.0)
    income_now, fill_now = replay(seen, floor_micros)
    if income_now <= 0:
        return Lesson(floor_micros, len(seen), 0.0, 0.0)
    ladder = _ladder(seen, floor_micros)
    known = {reserve: replay(seen, reserve) for reserve in ladder}
    around = _around(_best(known, fill_now, weight, floor_micros), ladder)
    known |= {reserve: replay(seen, reserve) for reserve in around}
    wanted = _best(known, fill_now, weight, floor_micros)
    reserve = max(floor_micros, _step(wanted, max(floor_micros, before_micros)))
    income, fill = replay(seen, reserve)
    return Lesson(reserve, len(seen), income / income_now - 1, 1 - fill / fill_now)


def replay(seen: Seen, reserve_micros: int) -> tuple[float, float]:
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
    needed = np.ceil(rival / np.where(quality > 0, quality, 1.0) / TICK) * TICK
    # As in the auction: a division that lands a hair above a whole tick costs nobody ten won.
    needed -= np.where((needed - TICK) * quality >= rival, TICK, 0) * (needed > 0)
    prices = np.minimum(seen.limits[rows, best], np.maximum(reserve_micros, needed))
    sold = top > 0
    return float((prices * quality * sold) @ seen.weights), float(sold @ seen.weights)


def _best(known: dict[int, tuple[float, float]], fill_now: float, weight: float, floor_micros: int) -> int:
    kept = {
        reserve: income
        for reserve, (income, fill) in known.items()
        if _surest_loss(fill, fill_now, weight) <= MOST_FILL_LOSS
    }
    most = max(kept.values(), default=0.0)
    return min(
        (reserve for reserve, income in kept.items() if income >= NEARLY_MOST * most), default=floor_micros
    )


def _around(reserve: int, ladder: list[int]) -> list[int]:
    place = ladder.index(reserve)
    lowest, highest = ladder[max(0, place - 1)], ladder[min(len(ladder) - 1, place + 1)]
    return _whole_ticks(np.linspace(lowest, highest, CLOSER_STEPS))


def _ladder(seen: Seen, floor_micros: int) -> list[int]:
    tops = seen.limits.max(axis=1)
    highest = float(np.quantile(tops, 0.95)) if len(tops) else 0.0
    steps = np.geomspace(floor_micros, max(floor_micros, highest), STEPS)
    return sorted({*_whole_ticks(steps), floor_micros})


def _whole_ticks(steps: Table) -> list[int]:
    return sorted({int(-(-step // TICK)) * TICK for step in steps.tolist()})


def _surest_loss(fill: float, fill_now: float, weight: float) -> float:
    loss = 1 - fill / fill_now
    return loss + CAUTION * float(np.sqrt(max(loss, 1 / weight) * (1 - loss) / weight))


def _step(wanted: int, before: int) -> int:
    highest = int(before * MOST_RISE // TICK) * TICK
    lowest = int(-(-before * MOST_FALL // TICK)) * TICK
    return min(max(highest, before + TICK), max(lowest, wanted))
