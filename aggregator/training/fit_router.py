"""Fits a router that predicts each model's quality on a prompt by kernel ridge regression.

The kernels compare topics and words; leave-one-out predictions have a closed form (Rifkin & Lippert, 2007).
Not yet served: it will be served by the live-ensemble work.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from sklearn.kernel_ridge import KernelRidge

from aggregator.pipeline.routing.topic_classifier import Vectors, softmax

Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]
_TOPIC_SHRINK = 0.3
# Fitting takes cubic time, so at most this many rows are sampled.
_MAX_ROWS = 6_000
# The share of the best single model's quality that counts as equal to it.
PARITY = 0.995


@dataclass(frozen=True, slots=True)
class Blend:
    """The weights of the kernels: same topic, similar words within a topic, similar words anywhere.

    Each is a prior variance relative to the noise variance of one rated answer.
    """

    topic: float
    within: float
    anywhere: float


BLENDS = (Blend(0.3, 0.03, 0.03), Blend(0.3, 0.1, 0.03), Blend(0.3, 0.2, 0.05))


@dataclass(frozen=True, slots=True)
class RouterModel:
    """A fitted router over n rated prompts.

    `features` has shape (n, features), `shares` (n, topics), `topic_coefficients` (n, topics) and
    `coefficients` (n, models); `level` and `topic_level` are intercepts. `parity_price` is the highest price
    of cost at which the chosen models are as good as the best single one.
    """

    models: tuple[str, ...]
    topics: tuple[str, ...]
    features: Vectors
    shares: Vectors
    topic_coefficients: Vectors
    coefficients: Vectors
    topic_level: Vectors
    level: Numbers
    blend: Blend
    parity_price: float = 0.0

    def predict_topics(self, features: Vectors) -> Vectors:
        """Return each topic's probability, shape (prompts, topics)."""
        return softmax(features @ (self.features.T @ self.topic_coefficients) + self.topic_level)

    def predict(self, features: Vectors) -> Numbers:
        """Return the expected quality of every model, shape (prompts, models)."""
        similarity = _combine_kernels(
            self.predict_topics(features) @ self.shares.T, features @ self.features.T, self.blend
        )
        return np.asarray(similarity @ self.coefficients + self.level, dtype=np.float64)


def choose_models(quality: Numbers, costs: Numbers, price: float) -> Codes:
    """Return the model with the highest quality minus priced cost for every prompt, shape (prompts,)."""
    return np.asarray((quality - price * costs).argmax(axis=1))


def _combine_kernels(topical: Vectors, similarity: Vectors, blend: Blend) -> Vectors:
    """Return the sum of the topic and word kernels, which is a kernel itself; all have shape (prompts, n)."""
    kernel: Vectors = blend.topic * topical + (blend.within * topical + blend.anywhere) * similarity
    return kernel


def _solve_ridge_leave_one_out(
    similarity: Vectors, noise: float, targets: Vectors
) -> tuple[Vectors, Vectors]:
    """Return the coefficients and leave-one-out predictions of a kernel ridge, shape (n, targets) each."""
    ridge = np.float32(noise) * np.eye(len(similarity), dtype=np.float32)
    factor, is_lower = linalg.cho_factor(similarity + ridge)
    coefficients = np.asarray(linalg.cho_solve((factor, is_lower), targets), dtype=np.float32)
    (invert,) = linalg.get_lapack_funcs(("potri",), (factor,))
    inverse, _ = invert(factor, lower=is_lower)
    return coefficients, targets - coefficients / np.diagonal(inverse)[:, None]


def _choose_blend(similarity: Vectors, topical: Vectors, targets: Vectors, seed: int) -> Blend:
    """Return the blend with the least squared error on a held-out third of the rows."""
    held = np.random.default_rng(seed).permutation(len(targets)) % 3 == 0
    known = np.ix_(~held, ~held)
    cross = np.ix_(held, ~held)

    def measure_error(blend: Blend) -> float:
        ridge = KernelRidge(alpha=1.0, kernel="precomputed")
        ridge.fit(_combine_kernels(topical[known], similarity[known], blend), targets[~held])
        error = targets[held] - ridge.predict(_combine_kernels(topical[cross], similarity[cross], blend))
        return float(np.square(error).sum())

    return min(BLENDS, key=measure_error)


def _find_parity_price(quality: Numbers, scores: Numbers, costs: Numbers) -> float:
    """Return the highest price of cost at which the choices are as good as the best single model."""
    target = PARITY * float(scores.mean(axis=0).max())
    rows = np.arange(len(scores))
    parity_price = 0.0
    for price in np.concatenate([[0.0], np.geomspace(1e-3, 10.0, 60) / costs.mean()]):
        if float(scores[rows, choose_models(quality, costs, float(price))].mean()) >= target:
            parity_price = max(parity_price, float(price))
    return parity_price


def fit_router(
    features: Vectors,
    topics: Sequence[str],
    scores: Numbers,
    costs: Numbers,
    models: Sequence[str],
    seed: int = 0,
) -> RouterModel:
    """Fit the router on rated prompts; blend and parity price are chosen on held-out rows.

    `features` has shape (n, features), `scores` and `costs` (n, models).
    """
    if len(scores) > _MAX_ROWS:
        drawn = np.random.default_rng(seed).permutation(len(scores))[:_MAX_ROWS]
        features, scores, costs = features[drawn], scores[drawn], costs[drawn]
        topics = [topics[int(row)] for row in drawn]
    names = tuple(sorted(set(topics)))
    own = np.eye(len(names), dtype=np.float32)[[names.index(topic) for topic in topics]]
    topic_level, level = own.mean(axis=0), scores.mean(axis=0)
    similarity = features @ features.T
    topic_coefficients, left_out = _solve_ridge_leave_one_out(similarity, _TOPIC_SHRINK, own - topic_level)
    shares = softmax(left_out + topic_level)
    topical = shares @ shares.T
    # Only differences between models change a choice, so only these are fitted.
    differences = scores - scores.mean(axis=1, keepdims=True)
    targets = (differences - differences.mean(axis=0)).astype(np.float32)
    blend = _choose_blend(similarity, topical, targets, seed)
    coefficients, held_out = _solve_ridge_leave_one_out(
        _combine_kernels(topical, similarity, blend), 1.0, targets
    )
    parameters = (topic_coefficients, coefficients, topic_level, level)
    price = _find_parity_price(held_out + level, scores, costs)
    return RouterModel(tuple(models), names, features, shares, *parameters, blend, price)
