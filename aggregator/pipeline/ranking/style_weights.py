"""What form says beyond who wrote it: a small ridge on style, with the pull of sheer length taken out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.ranking.overlap import count_shared_words, measure_overlap
from aggregator.pipeline.ranking.style_features import LENGTH, extract_style_features
from aggregator.pipeline.types import Question

Numbers = NDArray[np.float64]
MIN_RATED_PROMPTS = 100
_FOURIER_FEATURES = 300
_FOURIER_WIDTH = 1.2
_FOURIER_SEED = 7
_FOURIER_SCALE = 5.0
_SHRINK_STYLE, _SHRINK_MODEL = 100.0, 1.0
_STRENGTHS = (0.25, 0.5, 0.75, 1.0, 1.5)
_FOLDS = 4
# One standard error, the usual rule for preferring the simpler of two models.
_STANDARD_ERRORS = 1.0


def extract_response_features(question: Question, texts: Sequence[str]) -> Numbers:
    """Return what a style head reads of the answers to one prompt."""
    styles = np.array([extract_style_features(question, text) for text in texts])
    return np.concatenate([styles, measure_overlap(count_shared_words(texts))], axis=1)


@dataclass(frozen=True, slots=True)
class RatedResponses:
    """Judged answers: style as [prompt, model, feature], utility as [prompt, model].

    `shared` holds for every prompt how many words each two answers share.
    """

    models: tuple[str, ...]
    styles: Numbers
    utilities: Numbers
    shared: Numbers

    @property
    def forms(self) -> Numbers:
        """What heads read: each answer's own style, and how it stands among these models' answers."""
        return self.compare_with_pool(self.models)

    def compare_with_pool(self, pool: Sequence[str]) -> Numbers:
        """Return the forms of all answers, each compared with the pool's answers only."""
        rivals = [self.models.index(model) for model in pool]
        return np.concatenate([self.styles, measure_overlap(self.shared, rivals)], axis=2)

    def take(self, rows: NDArray[np.int64]) -> "RatedResponses":
        """Return the responses of these prompts only."""
        return RatedResponses(self.models, self.styles[rows], self.utilities[rows], self.shared[rows])

    def keep(self, models: Sequence[str]) -> "RatedResponses":
        """Return the responses of these models only."""
        columns = [self.models.index(model) for model in models]
        shared = self.shared[:, columns][:, :, columns]
        return RatedResponses(tuple(models), self.styles[:, columns], self.utilities[:, columns], shared)


@dataclass(frozen=True, slots=True)
class StyleWeights:
    """Skills by model and style weights; a strength of 0 says that style told nothing beyond skill."""

    skills: Mapping[str, float]
    means: tuple[float, ...]
    deviations: tuple[float, ...]
    weights: tuple[float, ...]
    strength: float
    judged: int = 0

    def score(self, forms: Numbers) -> Numbers:
        """Return what each answer's form adds, compared with the other answers to the same prompt."""
        if not self.strength:
            return np.zeros(len(forms))
        shaped = _expand_features(
            forms[None], np.array(self.means), np.array(self.deviations), len(self.weights)
        )[0]
        scores: Numbers = self.strength * (shaped @ np.array(self.weights))
        return scores


def estimate_length_effect(responses: RatedResponses) -> tuple[float, float]:
    """Return what a unit of log length buys, prompts and models held equal, and the mean length."""
    length = responses.styles[:, :, LENGTH]

    def centre(values: Numbers) -> Numbers:
        rows = values - values.mean(axis=1, keepdims=True)
        centred: Numbers = rows - rows.mean(axis=0)
        return centred

    utility, spread = centre(responses.utilities), centre(length)
    return float((utility * spread).sum() / max(float((spread * spread).sum()), 1e-9)), float(length.mean())


def remove_length_effect(responses: RatedResponses, slope: float, mean: float) -> RatedResponses:
    """Return the responses with what length buys taken off every utility."""
    utilities = responses.utilities - slope * (responses.styles[:, :, LENGTH] - mean)
    return RatedResponses(responses.models, responses.styles, utilities, responses.shared)


def _expand_features(styles: Numbers, means: Numbers, deviations: Numbers, width: int) -> Numbers:
    """Centre per prompt and append random Fourier features (Rahimi and Recht, 2007)."""
    standard = np.clip((styles - means) / deviations, -4.0, 4.0)
    compared: Numbers = standard - standard.mean(axis=1, keepdims=True)
    if width == styles.shape[2]:
        return compared
    rng = np.random.default_rng(_FOURIER_SEED)
    directions = rng.normal(size=(2 * styles.shape[2], _FOURIER_FEATURES)) / (
        _FOURIER_WIDTH * np.sqrt(styles.shape[2])
    )
    phases = rng.uniform(0, 2 * np.pi, _FOURIER_FEATURES)
    fourier = np.cos(np.concatenate([compared, 0.5 * standard], axis=2) @ directions + phases)
    fourier -= fourier.mean(axis=1, keepdims=True)
    shaped: Numbers = np.concatenate(
        [compared, _FOURIER_SCALE * np.sqrt(2 / _FOURIER_FEATURES) * fourier], axis=2
    )
    return shaped


def _solve(shaped: Numbers, utilities: Numbers) -> Numbers:
    """Return style weights of a ridge on within-prompt differences, each model's own level held apart."""
    prompts, models, width = shaped.shape
    identity = np.broadcast_to(np.eye(models) - 1 / models, (prompts, models, models))
    table = np.concatenate([shaped, identity], axis=2).reshape(-1, width + models)
    target = (utilities - utilities.mean(axis=1, keepdims=True)).ravel()
    penalty = np.diag([_SHRINK_STYLE] * width + [_SHRINK_MODEL] * models)
    weights: Numbers = np.linalg.solve(table.T @ table + penalty, table.T @ target)[:width]
    return weights


def _pick(scores: Numbers, utilities: Numbers) -> Numbers:
    picked: Numbers = utilities[np.arange(len(scores)), scores.argmax(axis=1)]
    return picked


def _try_strengths(
    shaped: tuple[Numbers, Numbers], targets: tuple[Numbers, Numbers], fold: NDArray[np.int64]
) -> list[Numbers]:
    """Return the gain over skill alone, prompt by prompt and strength by strength, learned on other folds."""
    every, own = shaped
    gains = [np.zeros(len(fold)) for _ in _STRENGTHS]
    for number in range(_FOLDS):
        learn, check = fold != number, fold == number
        weights = _solve(every[learn], targets[0][learn])
        skill, lean = targets[1][learn].mean(axis=0), (own[learn] @ weights).mean(axis=0)
        alone = _pick(np.broadcast_to(skill, targets[1][check].shape), targets[1][check])
        for place, strength in enumerate(_STRENGTHS):
            scores = skill + strength * (own[check] @ weights - lean)
            gains[place][check] = _pick(scores, targets[1][check]) - alone
    return gains


def fit_style_weights(responses: RatedResponses, pool: Sequence[str], seed: int = 0) -> StyleWeights:
    """Fit style on every model's judged answers, and skills and strength on the pool's.

    Style counts only when, on prompts it was not fitted on, it gained more than a standard error.
    """
    every = responses.compare_with_pool(pool)
    flat = every.reshape(-1, every.shape[2])
    means, deviations = flat.mean(axis=0), np.maximum(flat.std(axis=0), 0.01)
    own = responses.keep(pool)
    fold = np.random.default_rng(seed).permutation(len(responses.utilities)) % _FOLDS
    best = (0.0, 0.0, flat.shape[1])
    for width in (flat.shape[1], flat.shape[1] + _FOURIER_FEATURES):
        shaped = tuple(_expand_features(forms, means, deviations, width) for forms in (every, own.forms))
        gains = _try_strengths((shaped[0], shaped[1]), (responses.utilities, own.utilities), fold)
        for strength, gain in zip(_STRENGTHS, gains, strict=True):
            sure = float(gain.mean() - _STANDARD_ERRORS * gain.std() / np.sqrt(len(gain)))
            best = max(best, (sure, strength, width))
    _, strength, width = best
    weights = _solve(_expand_features(every, means, deviations, width), responses.utilities)
    lean = (_expand_features(own.forms, means, deviations, width) @ weights).mean(axis=0) * strength
    skills = own.utilities.mean(axis=0) - lean
    return StyleWeights(
        skills=dict(zip(pool, (float(skill) for skill in skills), strict=True)),
        means=tuple(float(value) for value in means),
        deviations=tuple(float(value) for value in deviations),
        weights=tuple(float(value) for value in weights),
        strength=strength,
        judged=len(responses.utilities),
    )
