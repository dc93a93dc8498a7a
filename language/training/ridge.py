"""Weighted ridge regression over a design matrix that is part dense and part sparse.

The normal equations are solved by conjugate gradients (Hestenes & Stiefel 1952), so the Gram matrix is never
formed. docs/decisions/0040 says why this is not scikit-learn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

_MAX_STEPS = 300
# The norm of the residual at which a column is solved, relative to that of the zero solution.
_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class DesignMatrix:
    """Features of n probes: `fourier` (n, f) dense, `ngrams` (n, b) in CSR form, and a constant column."""

    fourier: Array
    ngrams: Any

    def take(self, rows: NDArray[np.intp]) -> "DesignMatrix":
        """Return these rows alone."""
        return DesignMatrix(self.fourier[rows], self.ngrams[rows])

    def multiply(self, weights: Array) -> Array:
        """Return the scores (n, s) of weights (f + b + 1, s)."""
        width = self.fourier.shape[1]
        scores: Array = self.fourier @ weights[:width] + self.ngrams @ weights[width:-1] + weights[-1]
        return scores

    def multiply_transposed(self, scores: Array) -> Array:
        """Return the transposed matrix (f + b + 1, n) times scores (n, s)."""
        return np.concatenate([self.fourier.T @ scores, self.ngrams.T @ scores, scores.sum(axis=0)[None]])


def solve_ridge(
    table: DesignMatrix, targets: Array, sample_weights: Sequence[float] | NDArray[Any], penalty: float
) -> Array:
    """Return the weights (f + b + 1, s) of least weighted squared error on targets (n, s), L2-penalised.

    The bias, the last row, is penalised too. All columns of the targets are solved side by side.
    """
    counts = (np.asarray(sample_weights, dtype=np.float32) / np.float32(penalty))[:, None]
    residual = table.multiply_transposed(counts * targets)
    weights = np.zeros_like(residual)
    direction = residual.copy()
    squared_norm = (residual * residual).sum(axis=0)
    threshold = _TOLERANCE**2 * squared_norm
    for _ in range(_MAX_STEPS):
        curvature = table.multiply_transposed(counts * table.multiply(direction)) + direction
        step_size = squared_norm / np.maximum((direction * curvature).sum(axis=0), np.float32(1e-30))
        weights += step_size * direction
        residual -= step_size * curvature
        new_squared_norm = (residual * residual).sum(axis=0)
        if (new_squared_norm <= threshold).all():
            break
        direction = residual + new_squared_norm / np.maximum(squared_norm, np.float32(1e-30)) * direction
        squared_norm = new_squared_norm
    return weights
