"""What a part of the bench found: table rows, figures and goals."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass
class Report:
    """Collects rows to print, figures by name, and goals with the figure each must reach.

    A quick run judges only what few splits of small sets can; the rest are figures, not judged.
    """

    is_quick: bool = False
    rows: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    goals: dict[str, dict[str, float | bool]] = field(default_factory=dict)
    not_judged: list[str] = field(default_factory=list)

    def say(self, row: str) -> None:
        self.rows.append(row)
        print(row, flush=True)

    def keep(self, name: str, value: float) -> None:
        self.figures[name] = round(float(value), 4)

    def goal(
        self, name: str, value: float, must: float, *, at_most: bool = False, is_steady: bool = False
    ) -> None:
        """Record a goal, at least or at most what is asked; a steady one needs no many splits."""
        if self.is_quick and not is_steady:
            self.keep(name, value)
            self.not_judged.append(name)
            return
        ok = value <= must if at_most else value >= must
        self.goals[name] = {"value": round(float(value), 4), "must": must, "ok": bool(ok)}


def spread(values: "list[float] | NDArray[np.float64]") -> str:
    """Write mean ± sd."""
    return f"{np.mean(values):.3f} ± {np.std(values):.3f}"


def calibration_error(sure: NDArray[np.float64], right: NDArray[np.float64], bins: int = 10) -> float:
    """Return the calibration error: the mean gap of stated and true frequency over equal bins."""
    place = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [
        (place == number).mean() * abs(sure[place == number].mean() - right[place == number].mean())
        for number in set(place.tolist())
    ]
    return float(sum(gaps))


def calibration_error_floor(sure: NDArray[np.float64], seed: int = 0, draws: int = 20) -> float:
    """Return the calibration error that perfect probabilities would show on so few answers."""
    rng = np.random.default_rng(seed)
    return float(
        np.mean([calibration_error(sure, (rng.random(len(sure)) < sure).astype(float)) for _ in range(draws)])
    )
