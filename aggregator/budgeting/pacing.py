"""Dual pacing of the day's budget: a Lagrange multiplier, the price of quality, follows spending.

Balseiro & Gur 2019, "Learning in repeated auctions with budgets"; here with multiplicative updates and a
reserve. Money is in won, quality in [0, 1].
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

TARGET = 0.98
RESERVE_TURNS = 18.0
CREDIT_TURNS = 20.0
_OVERSPEND_GAIN = 0.03
_RESERVE_GAIN = 0.003
_INCOME_SMOOTHING = 1 / 250
_OVERSPEND_RANGE = (-1.0, 3.0)
_BALANCE_LIMIT = 50.0


@dataclass(frozen=True, slots=True)
class PacingState:
    """The price (quality that one won must buy), the balance, and a turn's smoothed income, in won."""

    price: float
    balance: float
    usual_income: float

    @property
    def credit(self) -> float:
        """The most that one more turn may cost: the balance and CREDIT_TURNS turns of income."""
        return self.balance + CREDIT_TURNS * self.usual_income


def start_pacing(usual_income: float, price: float) -> PacingState:
    """Return the state at the start of a day, at a price that `solve_price` found."""
    return PacingState(price, 0.0, usual_income)


def _choose_at_price(qualities: Sequence[float], costs: Sequence[float], price: float, credit: float) -> int:
    cheapest = min(range(len(costs)), key=lambda place: (costs[place], -qualities[place]))
    affordable = [place for place in range(len(costs)) if costs[place] <= credit]
    return max(
        affordable,
        key=lambda place: (qualities[place] - price * costs[place], -costs[place]),
        default=cheapest,
    )


def choose_action(pacing: PacingState, qualities: Sequence[float], costs: Sequence[float]) -> int:
    """Return the index of the action with the highest quality minus price times cost that credit allows.

    Without enough credit it is the cheapest action.
    """
    return _choose_at_price(qualities, costs, pacing.price, pacing.credit)


def solve_price(option_sets: Sequence[tuple[Sequence[float], Sequence[float]]], allowed: float) -> float:
    """Return the lowest price at which the chosen options cost `allowed` on average, by bisection."""
    low, high = 0.0, max(max(qualities) / max(min(costs), 1e-12) for qualities, costs in option_sets)
    for _ in range(60):
        price = (low + high) / 2
        spent = sum(
            costs[_choose_at_price(qualities, costs, price, math.inf)] for qualities, costs in option_sets
        ) / len(option_sets)
        low, high = (price, high) if spent > allowed else (low, price)
    return high


def update_pacing(pacing: PacingState, spent: float, income: float) -> PacingState:
    """Account for a turn and move the price, by its overspend and by the gap between balance and reserve."""
    usual = (1 - _INCOME_SMOOTHING) * pacing.usual_income + _INCOME_SMOOTHING * income
    balance = pacing.balance + income - spent
    allowed = max(TARGET * usual, 1e-9)
    over = min(max((spent - allowed) / allowed, _OVERSPEND_RANGE[0]), _OVERSPEND_RANGE[1])
    short = min(max(RESERVE_TURNS - balance / allowed, -_BALANCE_LIMIT), _BALANCE_LIMIT)
    price = pacing.price * math.exp(_OVERSPEND_GAIN * over + _RESERVE_GAIN * short)
    return replace(pacing, price=price, balance=balance, usual_income=usual)
