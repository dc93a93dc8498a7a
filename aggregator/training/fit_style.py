"""Fits style weights on rated responses: ridge regression with the effect of length removed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from aggregator.pipeline.ranking.overlap import measure_overlap
from aggregator.pipeline.ranking.style_features import LENGTH
from aggregator.pipeline.ranking.style_weights import FOURIER_FEATURES, StyleWeights, expand_features

Numbers = NDArray[np.float64]
_SHRINK_STYLE, _SHRINK_MODEL = 100.0, 1.0
_STRENGTHS = (0.25, 0.5, 0.75, 1.0, 1.5)
_FOLDS = 4
# One standard error, the usual rule for preferring the simpler of two models.
_STANDARD_ERRORS = 1.0


@dataclass(frozen=True, slots=True)
class RatedResponses:
    """Rated responses of several models to the same prompts.

    `styles` has shape (prompts, models, features), `utilities` (prompts, models), and `shared`, the number
    of words that two responses share, (prompts, models, models).
    """

    models: tuple[str, ...]
    styles: Numbers
    utilities: Numbers
    shared: Numbers

    @property
    def forms(self) -> Numbers:
        """Style and overlap features, shape (prompts, models, features)."""
        return self.compare_with_pool(self.models)

    def compare_with_pool(self, pool: Sequence[str]) -> Numbers:
        """Return the features of all responses, whose overlap is measured with the pool's responses only."""
        rivals = [self.models.index(model) for model in pool]
        return np.concatenate([self.styles, measure_overlap(self.shared, rivals)], axis=2)

    def select_rows(self, rows: NDArray[np.int64]) -> "RatedResponses":
        """Return the responses of these prompts only."""
        return RatedResponses(self.models, self.styles[rows], self.utilities[rows], self.shared[rows])

    def select_models(self, models: Sequence[str]) -> "RatedResponses":
        """Return the responses of these models only."""
        columns = [self.models.index(model) for model in models]
        shared = self.shared[:, columns][:, :, columns]
        return RatedResponses(tuple(models), self.styles[:, columns], self.utilities[:, columns], shared)


def estimate_length_effect(responses: RatedResponses) -> tuple[float, float]:
    """Return the utility of one unit of log length, within prompts and models, and the mean log length.

    A two-way fixed-effects regression (prompts and models) of utility on log length.
    """
    length = responses.styles[:, :, LENGTH]

    def centre(values: Numbers) -> Numbers:
        rows = values - values.mean(axis=1, keepdims=True)
        centred: Numbers = rows - rows.mean(axis=0)
        return centred

    utility, lengths = centre(responses.utilities), centre(length)
    return float((utility * lengths).sum() / max(float((lengths * lengths).sum()), 1e-9)), float(
        length.mean()
    )


def remove_length_effect(responses: RatedResponses, slope: float, mean: float) -> RatedResponses:
    """Return the responses with the utility of their length subtracted."""
    utilities = responses.utilities - slope * (responses.styles[:, :, LENGTH] - mean)
    return RatedResponses(responses.models, responses.styles, utilities, responses.shared)


def _solve(shaped: Numbers, utilities: Numbers) -> Numbers:
    """Return ridge weights of style, shape (width,), fitted on differences within prompts.

    `shaped` has shape (prompts, models, width), `utilities` (prompts, models); every model has its own
    intercept.
    """
    prompts, models, width = shaped.shape
    # Ridge has one penalty for all columns, so the models' columns are scaled to get a smaller one.
    scale = np.sqrt(_SHRINK_STYLE / _SHRINK_MODEL)
    intercepts = np.broadcast_to(scale * (np.eye(models) - 1 / models), (prompts, models, models))
    table = np.concatenate([shaped, intercepts], axis=2).reshape(-1, width + models)
    target = (utilities - utilities.mean(axis=1, keepdims=True)).ravel()
    ridge = Ridge(alpha=_SHRINK_STYLE, fit_intercept=False, solver="cholesky").fit(table, target)
    weights: Numbers = ridge.coef_[:width]
    return weights


def _read_choices(scores: Numbers, utilities: Numbers) -> Numbers:
    """Return the utility of the highest score of each prompt, shape (prompts,)."""
    picked: Numbers = utilities[np.arange(len(scores)), scores.argmax(axis=1)]
    return picked


def _try_strengths(
    shaped: tuple[Numbers, Numbers], targets: tuple[Numbers, Numbers], fold: NDArray[np.int64]
) -> list[Numbers]:
    """Return each strength's cross-validated gain over skill alone, shape (prompts,) each."""
    compared, own = shaped
    gains = [np.zeros(len(fold)) for _ in _STRENGTHS]
    for number in range(_FOLDS):
        learn, check = fold != number, fold == number
        weights = _solve(compared[learn], targets[0][learn])
        skill, mean_style = targets[1][learn].mean(axis=0), (own[learn] @ weights).mean(axis=0)
        alone = _read_choices(np.broadcast_to(skill, targets[1][check].shape), targets[1][check])
        for index, strength in enumerate(_STRENGTHS):
            scores = skill + strength * (own[check] @ weights - mean_style)
            gains[index][check] = _read_choices(scores, targets[1][check]) - alone
    return gains


def fit_style_weights(responses: RatedResponses, pool: Sequence[str], seed: int = 0) -> StyleWeights:
    """Fit style weights on the responses of all models, and skills and strength on those of the pool.

    The strength is 0 unless style gains more than a standard error in cross-validation.
    """
    compared = responses.compare_with_pool(pool)
    flat = compared.reshape(-1, compared.shape[2])
    means, deviations = flat.mean(axis=0), np.maximum(flat.std(axis=0), 0.01)
    own = responses.select_models(pool)
    fold = np.random.default_rng(seed).permutation(len(responses.utilities)) % _FOLDS
    best = (0.0, 0.0, flat.shape[1])
    for width in (flat.shape[1], flat.shape[1] + FOURIER_FEATURES):
        shaped = tuple(expand_features(forms, means, deviations, width) for forms in (compared, own.forms))
        gains = _try_strengths((shaped[0], shaped[1]), (responses.utilities, own.utilities), fold)
        for strength, gain in zip(_STRENGTHS, gains, strict=True):
            lower_bound = float(gain.mean() - _STANDARD_ERRORS * gain.std() / np.sqrt(len(gain)))
            best = max(best, (lower_bound, strength, width))
    _, strength, width = best
    weights = _solve(expand_features(compared, means, deviations, width), responses.utilities)
    mean_style = (expand_features(own.forms, means, deviations, width) @ weights).mean(axis=0) * strength
    skills = own.utilities.mean(axis=0) - mean_style
    return StyleWeights(
        skills=dict(zip(pool, (float(skill) for skill in skills), strict=True)),
        means=tuple(float(value) for value in means),
        deviations=tuple(float(value) for value in deviations),
        weights=tuple(float(value) for value in weights),
        strength=strength,
        judged=len(responses.utilities),
    )
