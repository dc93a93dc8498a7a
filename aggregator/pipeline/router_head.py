"""How well each model would answer a prompt, before any is asked: by its topics, bent by its neighbours."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.topic_head import TopicHead, Vectors, fit_topic_head

Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]
NEIGHBOURS = 100
_TOPIC_SHRINK = 10.0
_FOLDS = 3
# Heads that learn from two folds of three understate what the one fitted on all will reach.
_UNDERSTATED = 0.99
_LEANS = (0.0, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class RouterHead:
    """Skill by topic, the judged prompts nearby, how far to lean on them, and the price that buys parity."""

    models: tuple[str, ...]
    topic_head: TopicHead
    skills: Numbers
    sketches: Vectors
    residuals: Numbers
    lean: float
    parity_price: float = 0.0

    def predict(self, sketches: Vectors) -> Numbers:
        """Return the expected quality of every model for every prompt."""
        return predict_quality(self, sketches, self.lean)


def predict_quality(head: RouterHead, sketches: Vectors, lean: float) -> Numbers:
    """Return the expected quality of every model, leaning on neighbours by `lean`."""
    quality = head.topic_head.weigh(sketches) @ head.skills
    if lean:
        likeness = sketches @ head.sketches.T
        nearest = np.argpartition(-likeness, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        quality = quality + lean * head.residuals[nearest].mean(axis=1)
    return np.asarray(quality, dtype=np.float64)


def choose_models(quality: Numbers, costs: Numbers, price: float) -> Codes:
    """Return the column that is worth most at a price of cost, row by row."""
    return np.asarray((quality - price * costs).argmax(axis=1))


def _fit(sketches: Vectors, topics: Sequence[str], scores: Numbers, models: Sequence[str]) -> RouterHead:
    topic_head = fit_topic_head(sketches, topics)
    places = np.array([topic_head.topics.index(topic) for topic in topics])
    overall = scores.mean(axis=0)
    own = np.eye(len(topic_head.topics))[places]
    skills = (own.T @ scores + _TOPIC_SHRINK * overall) / (own.sum(axis=0)[:, None] + _TOPIC_SHRINK)
    return RouterHead(tuple(models), topic_head, skills, sketches, scores - skills[places], 0.0)


def _find_parity(quality: Numbers, scores: Numbers, costs: Numbers) -> float:
    """Return the highest price of cost at which the choices are still as good as the best single model's."""
    wanted = _UNDERSTATED * float(scores.mean(axis=0).max())
    rows = np.arange(len(scores))
    found = 0.0
    for price in np.concatenate([[0.0], np.geomspace(1e-3, 10.0, 60) / costs.mean()]):
        if float(scores[rows, choose_models(quality, costs, float(price))].mean()) >= wanted:
            found = max(found, float(price))
    return found


def fit_router_head(
    sketches: Vectors,
    topics: Sequence[str],
    scores: Numbers,
    costs: Numbers,
    models: Sequence[str],
    seed: int = 0,
) -> RouterHead:
    """Fit the router on judged prompts; lean and parity price are chosen by folds inside them."""
    fold = np.random.default_rng(seed).permutation(len(scores)) % _FOLDS
    held = {lean: np.zeros_like(scores) for lean in _LEANS}
    for number in range(_FOLDS):
        learn, check = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        head = _fit(sketches[learn], [topics[int(row)] for row in learn], scores[learn], models)
        for lean, quality in held.items():
            quality[check] = predict_quality(head, sketches[check], lean)
    rows = np.arange(len(scores))
    lean = max(_LEANS, key=lambda tried: float(scores[rows, held[tried].argmax(axis=1)].mean()))
    price = _find_parity(held[lean], scores, costs)
    head = _fit(sketches, topics, scores, models)
    return RouterHead(head.models, head.topic_head, head.skills, head.sketches, head.residuals, lean, price)
