"""Collects the table rows, figures and goals of the parts of the bench."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass
class Report:
    """Printed rows, figures by name, and goals with their bounds.

    A quick run judges steady goals only; the others are recorded as figures.
    """

    is_quick: bool = False
    rows: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    goals: dict[str, dict[str, float | bool]] = field(default_factory=dict)
    not_judged: list[str] = field(default_factory=list)

    def print_row(self, row: str) -> None:
        self.rows.append(row)
        print(row, flush=True)

    def record(self, name: str, value: float) -> None:
        self.figures[name] = round(float(value), 4)

    def add_goal(
        self, name: str, value: float, must: float, *, at_most: bool = False, is_steady: bool = False
    ) -> None:
        """Record a goal and its bound; a steady goal can be judged on few splits."""
        if self.is_quick and not is_steady:
            self.record(name, value)
            self.not_judged.append(name)
            return
        ok = value <= must if at_most else value >= must
        self.goals[name] = {"value": round(float(value), 4), "must": must, "ok": bool(ok)}


def mean_sd(values: "list[float] | NDArray[np.float64]") -> str:
    """Return the mean and the standard deviation as text."""
    return f"{np.mean(values):.3f} ± {np.std(values):.3f}"


def calibration_error(sure: NDArray[np.float64], right: NDArray[np.float64], bins: int = 10) -> float:
    """Return the expected calibration error (Naeini et al., 2015) over bins of equal width."""
    bin_index = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [
        (bin_index == number).mean()
        * abs(sure[bin_index == number].mean() - right[bin_index == number].mean())
        for number in set(bin_index.tolist())
    ]
    return float(sum(gaps))


def calibration_error_floor(sure: NDArray[np.float64], seed: int = 0, draws: int = 20) -> float:
    """Return the calibration error of perfect probabilities on a sample of this size."""
    rng = np.random.default_rng(seed)
    return float(
        np.mean([calibration_error(sure, (rng.random(len(sure)) < sure).astype(float)) for _ in range(draws)])
    )
