"""A bar chart as plain numbers for an SVG template: no script, no style, nothing the policy minds."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 960
HEIGHT = 220
LEFT = 84
# The last day's label is centred under its bar and may be wider.
RIGHT = 20
BOTTOM = 28
TOP = 16
ROUND_STEPS = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True)
class Bar:
    """One day's bar."""

    day: datetime.date
    amount: float
    x: float
    y: float
    width: float
    height: float
    is_labelled: bool

    @property
    def middle(self) -> float:
        """Where its label stands."""
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class GridLine:
    """A level to read the bars against."""

    amount: float
    y: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything the template draws."""

    bars: tuple[Bar, ...]
    lines: tuple[GridLine, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    baseline: int = HEIGHT - BOTTOM


def layout_bars(days: Sequence[tuple[datetime.date, float]]) -> Chart:
    """Lay out one bar a day, oldest first, against three round levels."""
    top = round_up(max((amount for _, amount in days), default=0))
    room = HEIGHT - BOTTOM - TOP
    slot = (WIDTH - LEFT - RIGHT) / max(len(days), 1)
    every = max(1, -(-len(days) // 7))
    bars = tuple(
        Bar(
            day=day,
            amount=amount,
            x=round(LEFT + slot * n + slot * 0.15, 1),
            y=round(TOP + room * (1 - amount / top), 1),
            width=round(slot * 0.7, 1),
            height=round(room * amount / top, 1),
            is_labelled=(len(days) - 1 - n) % every == 0,
        )
        for n, (day, amount) in enumerate(days)
    )
    lines = tuple(GridLine(top * share, round(TOP + room * (1 - share), 1)) for share in (0.0, 0.5, 1.0))
    return Chart(bars=bars, lines=lines)


def round_up(amount: float) -> float:
    """Return the next round number that two halves stay round of, at least 10."""
    power = 10.0
    while amount > power * 10:
        power *= 10
    return next(power * step for step in ROUND_STEPS if amount <= power * step)
