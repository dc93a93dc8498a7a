"""The weights are those of the normal equations."""

import numpy as np
from scipy.sparse import csr_array

from language.training.ridge import DesignMatrix, solve_ridge


def test_conjugate_gradients_find_what_the_normal_equations_say() -> None:
    drawn = np.random.default_rng(7)
    waves = drawn.standard_normal((60, 5)).astype(np.float32)
    grams = (drawn.random((60, 9)) < 0.3).astype(np.float32)
    targets = drawn.standard_normal((60, 3)).astype(np.float32)
    importance = drawn.uniform(0.5, 2.0, 60).astype(np.float32)
    everything = np.hstack([waves, grams, np.ones((60, 1), dtype=np.float32)])
    square = everything.T @ (importance[:, None] * everything) + 2.0 * np.eye(15)
    exact = np.linalg.solve(square, everything.T @ (importance[:, None] * targets))
    found = solve_ridge(DesignMatrix(waves, csr_array(grams)), targets, importance, penalty=2.0)
    assert np.allclose(found, exact, atol=5e-3)


def test_a_row_that_counts_for_nothing_changes_nothing() -> None:
    waves = np.array([[1.0], [2.0], [9.0]], dtype=np.float32)
    grams = csr_array(np.zeros((3, 1), dtype=np.float32))
    targets = np.array([[1.0], [2.0], [-50.0]], dtype=np.float32)
    with_it = solve_ridge(DesignMatrix(waves, grams), targets, [1.0, 1.0, 0.0], penalty=0.1)
    without = solve_ridge(DesignMatrix(waves[:2], grams[:2]), targets[:2], [1.0, 1.0], penalty=0.1)
    assert np.allclose(with_it, without, atol=1e-3)
