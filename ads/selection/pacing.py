"""Spreads a budget over the day: bids are scaled by one factor that follows what should be spent by now.

The factor is 1 / (1 + mu), mu the price of the budget: it rises while spending runs ahead of the traffic
curve and falls while it lags. Standard library only.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

# How much of a Korean day's traffic falls into each hour, from midnight on: nights are quiet, evenings full.
KOREAN_HOURS = (
    2.6, 1.7, 1.1, 0.8, 0.7, 0.9, 1.6, 2.9, 4.2, 5.1, 5.4, 5.3,
    5.2, 5.3, 5.3, 5.2, 5.1, 5.0, 5.1, 5.5, 6.1, 6.4, 5.8, 4.2,
)  # fmt: skip
GAIN = 0.5
LEAST_PACE = 0.02


@dataclass(frozen=True, slots=True)
class PacerState:
    """What a pacer remembers between two ticks."""

    mu: float = 0.0
    spent: int = 0


def due_share(elapsed: float, hours: Sequence[float] = KOREAN_HOURS) -> float:
    """Return the share of a budget that is due after this fraction of the day."""
    place = min(max(elapsed, 0.0), 1.0) * len(hours)
    whole = min(int(place), len(hours))
    partial = hours[whole] * (place - whole) if whole < len(hours) else 0.0
    return (math.fsum(hours[:whole]) + partial) / math.fsum(hours)


def next_state(
    state: PacerState, *, spent: int, budget: int, due_before: float, due_now: float
) -> PacerState:
    """Return the state after a tick; dues are shares of the budget at the last tick and at this one.

    The aim of the next tick is what is left of the curve, so that an early mistake is made good over the rest
    of the day and not at once.
    """
    left, open_share = budget - spent, 1.0 - due_now
    if left <= 0:
        return PacerState(mu=1 / LEAST_PACE - 1, spent=spent)
    if open_share <= 0:
        return PacerState(mu=state.mu, spent=spent)
    rate_due = left / open_share
    rate_seen = (spent - state.spent) / max(due_now - due_before, 1e-9)
    error = math.log(max(rate_seen, rate_due / 50) / rate_due)
    pull = GAIN * max(-2.0, min(4.0, error))
    scaled = (1.0 + state.mu) * math.exp(pull)
    return PacerState(mu=max(0.0, min(1 / LEAST_PACE, scaled) - 1.0), spent=spent)


def pace_of(state: PacerState) -> float:
    """Return the factor by which bids are scaled, at most 1."""
    return max(LEAST_PACE, 1.0 / (1.0 + state.mu))
