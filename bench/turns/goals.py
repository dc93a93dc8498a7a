"""What a row promises, what it showed, and how both are told."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure held to what it must be; without a value it counts as missed, and `why` says why."""

    name: str
    value: float | None
    must: float
    reach: float
    is_floor: bool = False
    why: str = ""

    @property
    def is_met(self) -> bool:
        """Whether it was measured and is good enough."""
        if self.value is None:
            return False
        return self.value >= self.must if self.is_floor else self.value <= self.must

    def to_json(self) -> dict[str, Any]:
        """Return it as the closing line has it."""
        value = None if self.value is None else round(self.value, 4)
        told = {"value": value, "must": self.must, "reach": self.reach, "ok": self.is_met}
        return {**told, "why": self.why} if self.why else told

    def line(self) -> str:
        """Return it as the table has it."""
        sign = "≥" if self.is_floor else "≤"
        shown = "not measured" if self.value is None else f"{self.value:.3f}"
        verdict = "met" if self.is_met else "MISSED"
        ends = f"{sign} {self.must:g} (reach {self.reach:g})"
        return f"{self.name:<64}{shown:>13}  {ends:<24}{verdict}{': ' + self.why if self.why else ''}"


@dataclass(slots=True)
class Measurement:
    """What a row has to say: its goals, and figures that explain them."""

    goals: list[Goal] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)


def ratio(name: str, ours: float, theirs: float | None, must: float, reach: float, **more: Any) -> Goal:
    """Return a goal on ours / theirs; `theirs` is None where the peer is not there."""
    value = None if theirs is None or theirs <= 0 else ours / theirs
    why = "" if value is not None else "the peer was not there (--peers)"
    return Goal(name, value, must, reach, why=why, **more)
