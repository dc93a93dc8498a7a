"""Conjugate gradients solve the normal equations of ridge regression."""

import numpy as np
from scipy.sparse import csr_array

from language.training.ridge import DesignMatrix, solve_ridge


def test_the_weights_solve_the_normal_equations() -> None:
    random = np.random.default_rng(7)
    fourier = random.standard_normal((60, 5)).astype(np.float32)
    ngrams = (random.random((60, 9)) < 0.3).astype(np.float32)
    targets = random.standard_normal((60, 3)).astype(np.float32)
    sample_weights = random.uniform(0.5, 2.0, 60).astype(np.float32)
    design = np.hstack([fourier, ngrams, np.ones((60, 1), dtype=np.float32)])
    gram_matrix = design.T @ (sample_weights[:, None] * design) + 2.0 * np.eye(15)
    exact = np.linalg.solve(gram_matrix, design.T @ (sample_weights[:, None] * targets))
    found = solve_ridge(DesignMatrix(fourier, csr_array(ngrams)), targets, sample_weights, penalty=2.0)
    assert np.allclose(found, exact, atol=5e-3)


def test_a_row_of_weight_zero_has_no_effect() -> None:
    fourier = np.array([[1.0], [2.0], [9.0]], dtype=np.float32)
    ngrams = csr_array(np.zeros((3, 1), dtype=np.float32))
    targets = np.array([[1.0], [2.0], [-50.0]], dtype=np.float32)
    with_it = solve_ridge(DesignMatrix(fourier, ngrams), targets, [1.0, 1.0, 0.0], penalty=0.1)
    without = solve_ridge(DesignMatrix(fourier[:2], ngrams[:2]), targets[:2], [1.0, 1.0], penalty=0.1)
    assert np.allclose(with_it, without, atol=1e-3)
