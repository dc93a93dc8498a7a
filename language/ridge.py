"""Ridge regression over a wide table, part dense and part sparse, without ever forming its square."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

_MOST_STEPS = 300
# How small the slope must become, beside the slope at zero.
_CLOSE_ENOUGH = 1e-3


@dataclass(frozen=True, slots=True)
class Table:
    """A row a probe: waves (dense), runs of jamo (sparse) and a constant for the bias."""

    waves: Array
    grams: Any

    def take(self, rows: NDArray[np.intp]) -> "Table":
        """Return these rows alone."""
        return Table(self.waves[rows], self.grams[rows])

    def weigh(self, weights: Array) -> Array:
        """Return the score of every row; weights hold a row a feature and a column a score."""
        width = self.waves.shape[1]
        scores: Array = self.waves @ weights[:width] + self.grams @ weights[width:-1] + weights[-1]
        return scores

    def gather(self, scores: Array) -> Array:
        """Return what each feature collects from the scores of the rows that have it."""
        return np.concatenate([self.waves.T @ scores, self.grams.T @ scores, scores.sum(axis=0)[None]])


def solve_ridge(table: Table, targets: Array, importance: Sequence[float] | Array, penalty: float) -> Array:
    """Return the weights of least squared error, each row counting by its importance.

    Conjugate gradients, all columns of targets side by side.
    """
    counts = (np.asarray(importance, dtype=np.float32) / np.float32(penalty))[:, None]
    slope = table.gather(counts * targets)
    weights = np.zeros_like(slope)
    way = slope.copy()
    steepness = (slope * slope).sum(axis=0)
    enough = _CLOSE_ENOUGH**2 * steepness
    for _ in range(_MOST_STEPS):
        bend = table.gather(counts * table.weigh(way)) + way
        stride = steepness / np.maximum((way * bend).sum(axis=0), np.float32(1e-30))
        weights += stride * way
        slope -= stride * bend
        left = (slope * slope).sum(axis=0)
        if (left <= enough).all():
            break
        way = slope + left / np.maximum(steepness, np.float32(1e-30)) * way
        steepness = left
    return weights
