"""Scores responses by style: a ridge regression on style features, fitted in training/fit_style.py."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.ranking.overlap import count_shared_words, measure_overlap
from aggregator.pipeline.ranking.style_features import extract_style_features
from aggregator.pipeline.types import Question

Numbers = NDArray[np.float64]
# Weights fitted on fewer rated prompts are not used.
MIN_RATED_PROMPTS = 100
FOURIER_FEATURES = 300
_FOURIER_WIDTH = 1.2
_FOURIER_SEED = 7
_FOURIER_SCALE = 5.0


def extract_response_features(question: Question, texts: Sequence[str]) -> Numbers:
    """Return style and overlap features of the responses to one prompt, shape (responses, features)."""
    styles = np.array([extract_style_features(question, text) for text in texts])
    return np.concatenate([styles, measure_overlap(count_shared_words(texts))], axis=1)


@dataclass(frozen=True, slots=True)
class StyleWeights:
    """Ridge weights of style features; a strength of 0 means that style predicts nothing beyond skill.

    `means` and `deviations` have one value a feature, `weights` one a feature and Fourier feature.
    """

    skills: Mapping[str, float]
    means: tuple[float, ...]
    deviations: tuple[float, ...]
    weights: tuple[float, ...]
    strength: float
    judged: int = 0

    def score(self, forms: Numbers) -> Numbers:
        """Return the utility that style adds to each response of a prompt, shape (responses,).

        `forms` has shape (responses, features), as `extract_response_features` returns it.
        """
        if not self.strength:
            return np.zeros(len(forms))
        shaped = expand_features(
            forms[None], np.array(self.means), np.array(self.deviations), len(self.weights)
        )[0]
        scores: Numbers = self.strength * (shaped @ np.array(self.weights))
        return scores


def expand_features(styles: Numbers, means: Numbers, deviations: Numbers, width: int) -> Numbers:
    """Standardise features, centre them per prompt and append random Fourier features (Rahimi & Recht, 2007).

    `styles` has shape (prompts, responses, features), `means` and `deviations` (features,); the result has
    `width` in place of features: either that many, or FOURIER_FEATURES more.
    """
    standard = np.clip((styles - means) / deviations, -4.0, 4.0)
    compared: Numbers = standard - standard.mean(axis=1, keepdims=True)
    if width == styles.shape[2]:
        return compared
    rng = np.random.default_rng(_FOURIER_SEED)
    directions = rng.normal(size=(2 * styles.shape[2], FOURIER_FEATURES)) / (
        _FOURIER_WIDTH * np.sqrt(styles.shape[2])
    )
    phases = rng.uniform(0, 2 * np.pi, FOURIER_FEATURES)
    fourier = np.cos(np.concatenate([compared, 0.5 * standard], axis=2) @ directions + phases)
    fourier -= fourier.mean(axis=1, keepdims=True)
    shaped: Numbers = np.concatenate(
        [compared, _FOURIER_SCALE * np.sqrt(2 / FOURIER_FEATURES) * fourier], axis=2
    )
    return shaped
