"""Fits the router head (aggregator/pipeline/routing_weights.py) by two ridge regressions.

The first predicts a prompt's task, the second each model's quality from the prompt's features and from the
predicted tasks. Tasks of the training rows are predicted as if each row had been left out, which has a closed
form (Rifkin & Lippert, 2007), so that the second regression sees errors like those of new prompts.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.routing_weights import RouterHead, Vectors, softmax

Numbers = NDArray[np.float64]
MIN_ROWS = 300
_TOPIC_SHRINK = 0.3
# Prior variances relative to the noise of one rated answer: of what a task and what a feature is worth.
_TOPIC_VARIANCE, _FEATURE_VARIANCE = 0.3, 0.03
_FOLDS = 4
# The head is used when it chooses better than the best single model by this many standard errors.
_STANDARD_ERRORS = 1.0


def _fit_tasks(features: Vectors, topics: Sequence[str]) -> tuple[Numbers, Numbers, Numbers]:
    """Return the task weights and level, and the left-out predictions, shape (rows, tasks)."""
    names = sorted(set(topics))
    own = np.eye(len(names))[[names.index(topic) for topic in topics]]
    level = own.mean(axis=0)
    rows = features.astype(np.float64)
    inverse = np.linalg.inv(rows.T @ rows + _TOPIC_SHRINK * np.eye(rows.shape[1]))
    weights = inverse @ (rows.T @ (own - level))
    leverage = np.einsum("nf,fg,ng->n", rows, inverse, rows, optimize=True)
    residual = own - level - rows @ weights
    left_out = own - residual / np.maximum(1 - leverage, 1e-6)[:, None]
    return weights, level, left_out


def fit_head(features: Vectors, topics: Sequence[str], scores: Numbers, models: Sequence[str]) -> RouterHead:
    """Fit the head on rated prompts; `features` has shape (rows, features), `scores` (rows, models)."""
    weights, topic_level, left_out = _fit_tasks(features, topics)
    shares = softmax(left_out.astype(np.float32)).astype(np.float64)
    level = scores.mean(axis=0)
    # Only differences between models change a choice, so only these are fitted.
    differences = scores - scores.mean(axis=1, keepdims=True)
    scale = (np.sqrt(_TOPIC_VARIANCE), np.sqrt(_FEATURE_VARIANCE))
    rows = np.concatenate([scale[0] * shares, scale[1] * features], axis=1)
    solved = np.linalg.solve(
        rows.T @ rows + np.eye(rows.shape[1]), rows.T @ (differences - differences.mean(axis=0))
    )
    tasks = shares.shape[1]
    parts = (weights, topic_level, scale[0] * solved[:tasks], scale[1] * solved[tasks:], level)
    return RouterHead(tuple(models), *(np.asarray(part, dtype=np.float32) for part in parts))


def fit_router(
    features: Vectors, topics: Sequence[str], scores: Numbers, models: Sequence[str], seed: int = 0
) -> RouterHead | None:
    """Fit the router head, or return None where it does not choose better in cross-validation."""
    if len(scores) < MIN_ROWS or len(models) < 2:
        return None
    fold = np.random.default_rng(seed).permutation(len(scores)) % _FOLDS
    gains = np.zeros(len(scores))
    for number in range(_FOLDS):
        learn, check = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        head = fit_head(features[learn], [topics[int(row)] for row in learn], scores[learn], models)
        chosen = head.predict(features[check]).argmax(axis=1)
        single = scores[learn].mean(axis=0).argmax()
        gains[check] = scores[check, chosen] - scores[check, single]
    if gains.mean() <= _STANDARD_ERRORS * gains.std() / np.sqrt(len(gains)):
        return None
    return fit_head(features, topics, scores, models)
