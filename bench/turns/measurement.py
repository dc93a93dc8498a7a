"""What one row measured."""

from dataclasses import dataclass, field
from typing import Any

from bench.report import Goal


@dataclass(slots=True)
class Measurement:
    """The goals of a row, and the figures behind them."""

    goals: list[Goal] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)


def ratio_goal(
    name: str, ours: float, theirs: float | None, must: float, reach: float, *, is_floor: bool = False
) -> Goal:
    """Return a goal on ours / theirs, without a value if the peer was not measured."""
    value = None if theirs is None or theirs <= 0 else ours / theirs
    why = "" if value is not None else "the peer was not there (--peers)"
    return Goal(name, value, must, reach, is_floor=is_floor, why=why)
