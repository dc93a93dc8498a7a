"""The day's price of quality, the same for all: it rises when spending runs ahead of income, and falls."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

TARGET = 0.98
RESERVE_TURNS = 18.0
CREDIT_TURNS = 20.0
_PUSH = 0.03
_PULL = 0.003
_MEMORY = 1 / 250
_SPREAD = (-1.0, 3.0)
_BALANCE_LIMIT = 50.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Where the day stands: what a unit of cost must bring in quality, the balance, a turn's usual income."""

    price: float
    balance: float
    usual_income: float

    @property
    def credit(self) -> float:
        """What one more turn may cost at most: what is there, and a short line of credit."""
        return self.balance + CREDIT_TURNS * self.usual_income


def start_pace(usual_income: float, price: float) -> Pace:
    """Begin a day at a price, best the one that `find_price` gives."""
    return Pace(price, 0.0, usual_income)


def _choose(qualities: Sequence[float], costs: Sequence[float], price: float, credit: float) -> int:
    cheapest = min(range(len(costs)), key=lambda place: (costs[place], -qualities[place]))
    affordable = [place for place in range(len(costs)) if costs[place] <= credit]
    return max(
        affordable,
        key=lambda place: (qualities[place] - price * costs[place], -costs[place]),
        default=cheapest,
    )


def choose_action(pace: Pace, qualities: Sequence[float], costs: Sequence[float]) -> int:
    """Return the place of the action worth most at today's price; without credit the cheapest, no error."""
    return _choose(qualities, costs, pace.price, pace.credit)


def find_price(menus: Sequence[tuple[Sequence[float], Sequence[float]]], allowed: float) -> float:
    """Return the lowest price at which these menus of qualities and costs cost what a turn is allowed."""
    low, high = 0.0, max(max(qualities) / max(min(costs), 1e-12) for qualities, costs in menus)
    for _ in range(60):
        price = (low + high) / 2
        spent = sum(costs[_choose(qualities, costs, price, math.inf)] for qualities, costs in menus) / len(
            menus
        )
        low, high = (price, high) if spent > allowed else (low, price)
    return high


def settle_turn(pace: Pace, spent: float, income: float) -> Pace:
    """Book a turn and move the price: by its overspend, and by how far the balance is off its reserve."""
    usual = (1 - _MEMORY) * pace.usual_income + _MEMORY * income
    balance = pace.balance + income - spent
    allowed = max(TARGET * usual, 1e-9)
    over = min(max((spent - allowed) / allowed, _SPREAD[0]), _SPREAD[1])
    short = min(max(RESERVE_TURNS - balance / allowed, -_BALANCE_LIMIT), _BALANCE_LIMIT)
    price = pace.price * math.exp(_PUSH * over + _PULL * short)
    return replace(pace, price=price, balance=balance, usual_income=usual)
