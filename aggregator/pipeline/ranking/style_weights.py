"""Predicts which of several open answers a reader prefers, by features of their texts and standings.

The weights are a pairwise logistic regression (Bradley & Terry, 1952), fitted in training/fit_style.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.ranking.overlap import count_shared_stems, measure_overlap
from aggregator.pipeline.ranking.style_features import extract_style_features
from aggregator.pipeline.types import Draft, Question

Numbers = NDArray[np.float64]
# Weights fitted on fewer rated prompts are not used.
MIN_RATED_PROMPTS = 100
_MIN_QUALITY, _MAX_QUALITY = 0.02, 0.98
_MOST_DEVIATIONS = 3.0


def measure_log_odds(standings: Numbers) -> Numbers:
    """Return the log odds of standings in 0-1."""
    bounded = np.clip(standings, _MIN_QUALITY, _MAX_QUALITY)
    log_odds: Numbers = np.log(bounded / (1 - bounded))
    return log_odds


def add_overlap(styles: Numbers, shared: Numbers, log_odds: Numbers) -> Numbers:
    """Append overlap to style features, shape (..., responses, features); better models count more."""
    return np.concatenate([styles, measure_overlap(shared, np.exp(log_odds))], axis=-1)


def extract_response_features(question: Question, drafts: Sequence[Draft]) -> Numbers:
    """Return style and overlap features of the responses to one prompt, shape (responses, features)."""
    texts = [draft.text for draft in drafts]
    styles = np.array([extract_style_features(question, text) for text in texts])
    standings = np.array([draft.standing for draft in drafts])
    return add_overlap(styles, count_shared_stems(texts), measure_log_odds(standings))


def standardise(features: Numbers, means: Numbers, deviations: Numbers) -> Numbers:
    """Return features in standard deviations from the mean, at most three of them."""
    standard: Numbers = np.clip((features - means) / deviations, -_MOST_DEVIATIONS, _MOST_DEVIATIONS)
    return standard


@dataclass(frozen=True, slots=True)
class StyleWeights:
    """Weights in log odds of being preferred: of features, of the standing, and of models with ratings.

    `means`, `deviations` and `weights` have one value a feature; weights of 0 mean that features predict
    nothing beyond the models' quality. `skills` add to the standing of models that were rated.
    """

    means: tuple[float, ...]
    deviations: tuple[float, ...]
    weights: tuple[float, ...]
    standing: float
    skills: Mapping[str, float]
    judged: int = 0

    def score_features(self, features: Numbers) -> Numbers:
        """Return what the features of `extract_response_features` add to each response's log odds."""
        standard = standardise(features, np.array(self.means), np.array(self.deviations))
        scores = standard @ np.array(self.weights)
        centred: Numbers = scores - scores.mean()
        return centred

    def score_models(self, drafts: Sequence[Draft]) -> Numbers:
        """Return what its model adds to each response's log odds.

        Learned skills are used only when all models have one, since they compare rated models.
        """
        scores = self.standing * measure_log_odds(np.array([draft.standing for draft in drafts]))
        if all(draft.model in self.skills for draft in drafts):
            scores = scores + np.array([self.skills[draft.model] for draft in drafts])
        return scores


def predict_preference(log_odds: Numbers) -> Numbers:
    """Return the probability that a reader prefers each response to another of the panel, shape (responses,).

    `log_odds` has shape (responses,), for two or more of them.
    """
    wins = 1 / (1 + np.exp(log_odds[None, :] - log_odds[:, None]))
    shares: Numbers = (wins.sum(axis=1) - 0.5) / (len(log_odds) - 1)
    return shares
