"""Spreads a budget over the day: bids are scaled by one factor that follows what should be spent by now.

The factor has a slow part and a quick one. The slow part is 1 / (1 + mu), mu the price of the budget: mirror
descent, by how much of the budget a tick took more than is due of what is left, in steps that grow smaller
with experience. The quick part answers how far spending is ahead of the traffic curve right now, the more the
less of the day is left to make it good. Both are told in shares of the budget, so that it does not matter how
often the clock ticks. Standard library only.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

# How much of a Korean day's traffic falls into each hour, from midnight on: nights are quiet, evenings full.
KOREAN_TRAFFIC_BY_HOUR = (
    2.6, 1.7, 1.1, 0.8, 0.7, 0.9, 1.6, 2.9, 4.2, 5.1, 5.4, 5.3,
    5.2, 5.3, 5.3, 5.2, 5.1, 5.0, 5.1, 5.5, 6.1, 6.4, 5.8, 4.2,
)  # fmt: skip
# Found on auctions drawn from the recorded prices of training days of several campaigns: higher gains keep
# closer to the curve and buy a little less, for the pace then follows every odd minute. These buy nearly the
# most and stay well within three hundredths of the curve with the smallest budgets, too.
SLOW_GAIN, FAST_GAIN = 5.0, 2.0
MAX_FAST_EXPONENT = 3.0
# A pacer that is new to its market learns faster: so much at first, half of that after this share of a day.
STARTUP_GAIN, STARTUP_HALF_LIFE = 3.0, 0.02
MAX_STEP = 0.7
MIN_PACE = 0.02


@dataclass(frozen=True, slots=True)
class PacingState:
    """What a pacer remembers between two ticks."""

    mu: float = 0.0
    spent: int = 0
    ahead: float = 0.0
    # How much of a day's traffic the pacer has met, over all days.
    experience: float = 0.0

    def for_new_day(self) -> "PacingState":
        """Return where the next day begins: the price of the budget is much as it was."""
        return PacingState(mu=self.mu, experience=self.experience)


def due_share(elapsed: float, hours: Sequence[float] = KOREAN_TRAFFIC_BY_HOUR) -> float:
    """Return the share of a budget that is due after this fraction of the day."""
    place = min(max(elapsed, 0.0), 1.0) * len(hours)
    whole = min(int(place), len(hours))
    partial = hours[whole] * (place - whole) if whole < len(hours) else 0.0
    return (math.fsum(hours[:whole]) + partial) / math.fsum(hours)


def next_state(
    state: PacingState, *, spent: int, budget: int, due_before: float, due_now: float
) -> PacingState:
    """Return the state after a tick; dues are shares of the budget at the last tick and at this one.

    The aim of the next tick is what is left of the curve, so that an early mistake is made good over the rest
    of the day and not at once.
    """
    left, open_share = budget - spent, 1.0 - due_now
    ahead = (spent / budget - due_now) / max(1.0 - due_now, 0.02)
    experience = state.experience + max(0.0, due_now - due_before)
    if left <= 0 or open_share <= 0:
        return PacingState(state.mu, spent, ahead, experience)
    due = (due_now - due_before) * left / budget / open_share
    surplus = (spent - state.spent) / budget - due
    gain = SLOW_GAIN + STARTUP_GAIN / (state.experience + STARTUP_HALF_LIFE)
    pull = max(-MAX_STEP, min(MAX_STEP, gain * surplus))
    scaled = (1.0 + state.mu) * math.exp(pull)
    return PacingState(max(0.0, min(1 / MIN_PACE, scaled) - 1.0), spent, ahead, experience)


def pace_factor(state: PacingState) -> float:
    """Return the factor by which bids are scaled, at most 1."""
    quick = math.exp(max(-MAX_FAST_EXPONENT, min(MAX_FAST_EXPONENT, -FAST_GAIN * state.ahead)))
    return max(MIN_PACE, min(1.0, quick / (1.0 + state.mu)))
