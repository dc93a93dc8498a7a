"""The report of the ranking bench, and the statistics of its parts."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.report import Goal, Report


class RankingReport(Report):
    """A report whose quick runs judge steady goals only, and record the others as figures."""

    def __init__(self, *, is_quick: bool) -> None:
        super().__init__("ranking")
        self.is_quick = is_quick
        self.not_judged: list[str] = []

    def print_row(self, row: str) -> None:
        """Print a row of a table at once, also into a pipe."""
        print(row, flush=True)

    def add_goal(
        self, name: str, value: float, must: float, *, at_most: bool = False, is_steady: bool = False
    ) -> None:
        """Record a goal and its bound; a steady goal can be judged on few splits."""
        if self.is_quick and not is_steady:
            self.note(name, value)
            self.not_judged.append(name)
        else:
            self.add(Goal(name, float(value), must, is_floor=not at_most))

    def miss_goal(self, name: str, must: float, why: str, *, at_most: bool = False) -> None:
        """Record a goal that the folder has no data for."""
        self.print_row(f"  not measured: {name} ({why})")
        if self.is_quick:
            self.not_judged.append(name)
        else:
            self.add(Goal(name, None, must, is_floor=not at_most, why=why))

    def to_json(self) -> dict[str, Any]:
        """Return the document of the closing line, with the goals that were not judged."""
        return super().to_json() | ({"not_judged": self.not_judged} if self.not_judged else {})


def mean_sd(values: "list[float] | NDArray[np.float64]") -> str:
    """Return the mean and the standard deviation as text."""
    return f"{np.mean(values):.3f} ± {np.std(values):.3f}"


def calibration_error(confidences: NDArray[np.float64], right: NDArray[np.float64], bins: int = 10) -> float:
    """Return the expected calibration error (Naeini et al., 2015) over bins of equal width."""
    bin_index = np.minimum((confidences * bins).astype(int), bins - 1)
    gaps = [
        (bin_index == number).mean()
        * abs(confidences[bin_index == number].mean() - right[bin_index == number].mean())
        for number in set(bin_index.tolist())
    ]
    return float(sum(gaps))


def calibration_error_floor(confidences: NDArray[np.float64], seed: int = 0, draws: int = 20) -> float:
    """Return the calibration error of perfect probabilities on a sample of this size."""
    rng = np.random.default_rng(seed)
    return float(
        np.mean(
            [
                calibration_error(confidences, (rng.random(len(confidences)) < confidences).astype(float))
                for _ in range(draws)
            ]
        )
    )
