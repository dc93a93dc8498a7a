"""Ridge regression over a wide table, part dense and part sparse, without ever forming its square."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

_MAX_STEPS = 300
# How small the residual must become, beside the residual at zero.
_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class DesignMatrix:
    """A row a probe: waves (dense), runs of jamo (sparse) and a constant for the bias."""

    waves: Array
    grams: Any

    def take(self, rows: NDArray[np.intp]) -> "DesignMatrix":
        """Return these rows alone."""
        return DesignMatrix(self.waves[rows], self.grams[rows])

    def weigh(self, weights: Array) -> Array:
        """Return the score of every row; weights hold a row a feature and a column a score."""
        width = self.waves.shape[1]
        scores: Array = self.waves @ weights[:width] + self.grams @ weights[width:-1] + weights[-1]
        return scores

    def multiply_transposed(self, scores: Array) -> Array:
        """Return what each feature collects from the scores of the rows that have it."""
        return np.concatenate([self.waves.T @ scores, self.grams.T @ scores, scores.sum(axis=0)[None]])


def solve_ridge(
    table: DesignMatrix, targets: Array, importance: Sequence[float] | Array, penalty: float
) -> Array:
    """Return the weights of least squared error, each row counting by its importance.

    Conjugate gradients, all columns of targets side by side.
    """
    counts = (np.asarray(importance, dtype=np.float32) / np.float32(penalty))[:, None]
    residual = table.multiply_transposed(counts * targets)
    weights = np.zeros_like(residual)
    direction = residual.copy()
    squared_norm = (residual * residual).sum(axis=0)
    threshold = _TOLERANCE**2 * squared_norm
    for _ in range(_MAX_STEPS):
        curvature = table.multiply_transposed(counts * table.weigh(direction)) + direction
        step_size = squared_norm / np.maximum((direction * curvature).sum(axis=0), np.float32(1e-30))
        weights += step_size * direction
        residual -= step_size * curvature
        new_squared_norm = (residual * residual).sum(axis=0)
        if (new_squared_norm <= threshold).all():
            break
        direction = residual + new_squared_norm / np.maximum(squared_norm, np.float32(1e-30)) * direction
        squared_norm = new_squared_norm
    return weights
