"""How well each model would answer a prompt, before any is asked: by its topics, bent by its neighbours."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.routing.topic_classifier import Vectors

Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]
_TOPIC_SHRINK = 0.3
_SHARPNESS = 12.0
# Fitting takes the cube of the rows; more than these are drawn from.
_MAX_ROWS = 6_000
# Within half a percent of the best single model's quality counts as its equal.
PARITY = 0.995


@dataclass(frozen=True, slots=True)
class Blend:
    """How much quality is believed to vary by topic, by neighbour within a topic, and by neighbour anywhere.

    Each is a share of what the noise of a single judged answer varies.
    """

    topic: float
    within: float
    anywhere: float


BLENDS = (Blend(0.3, 0.03, 0.03), Blend(0.3, 0.1, 0.03), Blend(0.3, 0.2, 0.05))


@dataclass(frozen=True, slots=True)
class RouterModel:
    """What judged prompts tell about a new one, how they are blended, and the price that buys parity."""

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
        """Return each topic's probability for every prompt."""
        return _softmax(features @ (self.features.T @ self.topic_coefficients) + self.topic_level)

    def predict(self, features: Vectors) -> Numbers:
        """Return the expected quality of every model for every prompt."""
        similarity = _combine_kernels(
            self.predict_topics(features) @ self.shares.T, features @ self.features.T, self.blend
        )
        return np.asarray(similarity @ self.coefficients + self.level, dtype=np.float64)


def choose_models(quality: Numbers, costs: Numbers, price: float) -> Codes:
    """Return the column that is worth most at a price of cost, row by row."""
    return np.asarray((quality - price * costs).argmax(axis=1))


def _softmax(scores: Vectors) -> Vectors:
    sharp = _SHARPNESS * scores
    chances = np.exp(sharp - sharp.max(axis=1, keepdims=True))
    shares: Vectors = (chances / chances.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


def _combine_kernels(topical: Vectors, similarity: Vectors, blend: Blend) -> Vectors:
    """Return how alike prompts are for the quality of answers: a sum of kernels, so itself one."""
    joined: Vectors = blend.topic * topical + (blend.within * topical + blend.anywhere) * similarity
    return joined


def _solve_ridge(similarity: Vectors, noise: float, targets: Vectors) -> Vectors:
    from scipy import linalg  # 40 MB that only a fit needs

    factor = linalg.cho_factor(similarity + np.float32(noise) * np.eye(len(similarity), dtype=np.float32))
    return np.asarray(linalg.cho_solve(factor, targets), dtype=np.float32)


def _solve_ridge_leave_one_out(
    similarity: Vectors, noise: float, targets: Vectors
) -> tuple[Vectors, Vectors]:
    """Return a kernel ridge's coefficients, and what it says of each row when that row is left out."""
    from scipy import linalg  # 40 MB that only a fit needs

    ridge = np.float32(noise) * np.eye(len(similarity), dtype=np.float32)
    factor, is_lower = linalg.cho_factor(similarity + ridge)
    coefficients = np.asarray(linalg.cho_solve((factor, is_lower), targets), dtype=np.float32)
    (invert,) = linalg.get_lapack_funcs(("potri",), (factor,))
    inverse, _ = invert(factor, lower=is_lower)
    return coefficients, targets - coefficients / np.diagonal(inverse)[:, None]


def _choose_blend(similarity: Vectors, topical: Vectors, targets: Vectors, seed: int) -> Blend:
    """Choose the blend that misses least on a third of the rows, learned from the rest."""
    held = np.random.default_rng(seed).permutation(len(targets)) % 3 == 0
    known = np.ix_(~held, ~held)
    asked = np.ix_(held, ~held)

    def miss(blend: Blend) -> float:
        coefficients = _solve_ridge(
            _combine_kernels(topical[known], similarity[known], blend), 1.0, targets[~held]
        )
        missed = targets[held] - _combine_kernels(topical[asked], similarity[asked], blend) @ coefficients
        return float(np.square(missed).sum())

    return min(BLENDS, key=miss)


def _find_parity(quality: Numbers, scores: Numbers, costs: Numbers) -> float:
    """Return the highest price of cost at which choices are still on a par with the best single model."""
    wanted = PARITY * float(scores.mean(axis=0).max())
    rows = np.arange(len(scores))
    found = 0.0
    for price in np.concatenate([[0.0], np.geomspace(1e-3, 10.0, 60) / costs.mean()]):
        if float(scores[rows, choose_models(quality, costs, float(price))].mean()) >= wanted:
            found = max(found, float(price))
    return found


def fit_router(
    features: Vectors,
    topics: Sequence[str],
    scores: Numbers,
    costs: Numbers,
    models: Sequence[str],
    seed: int = 0,
) -> RouterModel:
    """Fit the router on judged prompts; blend and parity price are chosen on rows held out inside them."""
    if len(scores) > _MAX_ROWS:
        drawn = np.random.default_rng(seed).permutation(len(scores))[:_MAX_ROWS]
        features, scores, costs = features[drawn], scores[drawn], costs[drawn]
        topics = [topics[int(row)] for row in drawn]
    names = tuple(sorted(set(topics)))
    own = np.eye(len(names), dtype=np.float32)[[names.index(topic) for topic in topics]]
    topic_level, level = own.mean(axis=0), scores.mean(axis=0)
    similarity = features @ features.T
    topic_coefficients, told = _solve_ridge_leave_one_out(similarity, _TOPIC_SHRINK, own - topic_level)
    shares = _softmax(told + topic_level)
    topical = shares @ shares.T
    # What raises every model alike chooses nobody, so only differences are fitted to.
    apart = scores - scores.mean(axis=1, keepdims=True)
    targets = (apart - apart.mean(axis=0)).astype(np.float32)
    blend = _choose_blend(similarity, topical, targets, seed)
    coefficients, held = _solve_ridge_leave_one_out(
        _combine_kernels(topical, similarity, blend), 1.0, targets
    )
    price = _find_parity(held + level, scores, costs)
    return RouterModel(
        tuple(models),
        names,
        features,
        shares,
        topic_coefficients,
        coefficients,
        topic_level,
        level,
        blend,
        price,
    )
