"""Budget pacing: one factor scales a campaign's bids so that spending follows the day's traffic curve.

The slow part of the factor is 1 / (1 + mu), where mu is the dual price of the budget, updated at each tick by
dual mirror descent with exponentiated steps (Balseiro, Lu & Mirrokni 2020, "The Best of Many Worlds";
adaptive pacing: Balseiro & Gur 2019). The gradient is the share of the budget spent in the tick beyond the
share that was due of the remaining budget, and steps shrink with experience. The fast part is proportional
control: it lowers bids by how far spending is ahead of the curve, more as less of the day remains. All
quantities are shares of the budget, so that the tick length does not matter. Standard library only.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

# Share of a Korean day's traffic in each hour from midnight, in percent.
KOREAN_TRAFFIC_BY_HOUR = (
    2.6, 1.7, 1.1, 0.8, 0.7, 0.9, 1.6, 2.9, 4.2, 5.1, 5.4, 5.3,
    5.2, 5.3, 5.3, 5.2, 5.1, 5.0, 5.1, 5.5, 6.1, 6.4, 5.8, 4.2,
)  # fmt: skip
# Fitted on auctions drawn from recorded prices (iPinYou, bench.ad_pacing). Higher gains follow the curve more
# closely and buy slightly fewer clicks; these buy nearly the most with an error of less than 0.03 of the
# budget.
SLOW_GAIN, FAST_GAIN = 5.0, 2.0
MAX_FAST_EXPONENT = 3.0
# Extra gain of a new campaign, and the share of a day after which half of it remains.
STARTUP_GAIN, STARTUP_HALF_LIFE = 3.0, 0.02
MAX_STEP = 0.7
MIN_PACE = 0.02


@dataclass(frozen=True, slots=True)
class PacingState:
    """The state of one campaign between two ticks; `ahead` is a share of the remaining day's budget."""

    mu: float = 0.0
    spent: int = 0
    ahead: float = 0.0
    # Shares of a day's traffic seen so far, summed over all days.
    experience: float = 0.0

    def for_new_day(self) -> "PacingState":
        """Return the state at the start of the next day, which keeps mu."""
        return PacingState(mu=self.mu, experience=self.experience)


def due_share(elapsed: float, hours: Sequence[float] = KOREAN_TRAFFIC_BY_HOUR) -> float:
    """Return the share of a day's budget due after this fraction of the day; `hours` are traffic weights."""
    place = min(max(elapsed, 0.0), 1.0) * len(hours)
    whole = min(int(place), len(hours))
    partial = hours[whole] * (place - whole) if whole < len(hours) else 0.0
    return (math.fsum(hours[:whole]) + partial) / math.fsum(hours)


def next_state(
    state: PacingState, *, spent: int, budget: int, due_before: float, due_now: float
) -> PacingState:
    """Return the state after a tick; `due_before` and `due_now` are due shares at the last and this tick.

    The target of a tick is its part of the remaining curve, so that an early error is corrected over the rest
    of the day rather than at once.
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
    fast = math.exp(max(-MAX_FAST_EXPONENT, min(MAX_FAST_EXPONENT, -FAST_GAIN * state.ahead)))
    return max(MIN_PACE, min(1.0, fast / (1.0 + state.mu)))
