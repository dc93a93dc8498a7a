"""Fits style weights on rated responses: pairwise logistic regression with the effect of length removed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.ranking.style_features import LENGTH
from aggregator.pipeline.ranking.style_weights import (
    StyleWeights,
    add_overlap,
    measure_log_odds,
    standardise,
)

Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]
# All of it is how AlpacaEval measures, none of it what raters said.
LENGTH_SHARE = 0.75
_PANEL_SIZES = (3, 4, 6)
_PANELS_PER_PROMPT = 2
_SHRINK_STYLE, _QUALITY_SHRINKAGE, _SHRINK_SKILL = 60.0, 0.1, 0.3
# What all comparisons count together, whatever their number, beside the shrinkage.
_TOTAL_WEIGHT = 1_000.0
# The probability that a difference of one standard deviation adds to an even chance, and its bounds.
_SURENESS, _BOUNDS = 0.2, (0.02, 0.98)
_NEWTON_STEPS = 5


@dataclass(frozen=True, slots=True)
class RatedResponses:
    """Rated responses of several models to the same prompts.

    `styles` has shape (prompts, models, features), `utilities` (prompts, models), and `shared`, the number
    of stems that two responses share, (prompts, models, models).
    """

    models: tuple[str, ...]
    styles: Numbers
    utilities: Numbers
    shared: Numbers

    def select_rows(self, rows: Indices) -> "RatedResponses":
        """Return the responses of these prompts only."""
        return RatedResponses(self.models, self.styles[rows], self.utilities[rows], self.shared[rows])

    def select_models(self, models: Sequence[str]) -> "RatedResponses":
        """Return the responses of these models only."""
        columns = [self.models.index(model) for model in models]
        shared = self.shared[:, columns][:, :, columns]
        return RatedResponses(tuple(models), self.styles[:, columns], self.utilities[:, columns], shared)

    def measure_standings(self) -> dict[str, float]:
        """Return each model's quality in 0-1: its mean utility in units of the spread within prompts."""
        means = self.utilities.mean(axis=0)
        spread = max(float(self.utilities.std(axis=1).mean()), 1e-9)
        shares = 1 / (1 + np.exp((means.mean() - means) / spread))
        return dict(zip(self.models, map(float, shares), strict=True))


@dataclass(frozen=True, slots=True)
class _Panels:
    """Panels of one size: features (panels, size, features), the others (panels, size)."""

    features: Numbers
    log_odds: Numbers
    models: Indices
    utilities: Numbers


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
    return replace(responses, utilities=utilities)


def _sample_panels(responses: RatedResponses, slope: float, rng: np.random.Generator) -> list[_Panels]:
    """Sample panels of several sizes for every prompt, as turns have few of the models that were rated."""
    standings = responses.measure_standings()
    log_odds = measure_log_odds(np.array([standings[model] for model in responses.models]))
    utilities = remove_length_effect(responses, LENGTH_SHARE * slope, 0.0).utilities
    # Raters' scales differ between sets, so differences count in units of a set's spread.
    utilities = utilities / max(float(utilities.std(axis=1).mean()), 1e-9)
    rows = np.repeat(np.arange(len(utilities)), _PANELS_PER_PROMPT)[:, None]
    found = []
    for size in (size for size in _PANEL_SIZES if size <= len(responses.models)):
        models = np.array([rng.permutation(len(responses.models))[:size] for _ in rows])
        shared = responses.shared[rows[:, :, None], models[:, :, None], models[:, None, :]]
        features = add_overlap(responses.styles[rows, models], shared, log_odds[models])
        found.append(_Panels(features, log_odds[models], models, utilities[rows, models]))
    return found


def _list_comparisons(panels: _Panels, models: int) -> tuple[Numbers, Numbers]:
    """Return the difference of every two responses of a panel, and the probability that the first is better.

    `models` is the number of models whose skills are fitted, each a column after features and standing.
    """
    first, second = np.triu_indices(panels.utilities.shape[1], 1)
    identities = np.eye(models)[panels.models] if models else np.zeros((*panels.models.shape, 0))
    joined = np.concatenate([panels.features, panels.log_odds[:, :, None], identities], axis=2)
    gaps = panels.utilities[:, first] - panels.utilities[:, second]
    differences = (joined[:, first] - joined[:, second]).reshape(-1, joined.shape[2])
    return differences, np.clip(0.5 + _SURENESS * gaps, *_BOUNDS).ravel()


def _solve(table: Numbers, wins: Numbers, shrinkage: Numbers) -> Numbers:
    """Return the weights of a ridge-penalised logistic regression, by Newton's method."""
    count = _TOTAL_WEIGHT / max(len(table), 1)
    weights = np.zeros(table.shape[1])
    for _ in range(_NEWTON_STEPS):
        chances = 1 / (1 + np.exp(-table @ weights))
        gradient = count * (table.T @ (wins - chances)) - shrinkage * weights
        curvature = count * (table * (chances * (1 - chances))[:, None]).T @ table + np.diag(shrinkage)
        weights = weights + np.linalg.solve(curvature, gradient)
    return weights


def fit_style_weights(
    sets: Sequence[RatedResponses], pool: Sequence[str] = (), seed: int = 0
) -> StyleWeights:
    """Fit one head on the responses of all sets; with a pool of the only set's models also their skills.

    With a pool, the effect of length is that within it; without, models count by their standings only.
    """
    rng = np.random.default_rng(seed)
    panels: list[_Panels] = []
    for responses in sets:
        slope, _ = estimate_length_effect(responses.select_models(pool) if pool else responses)
        panels += _sample_panels(responses, slope, rng)
    flat = np.concatenate([part.features.reshape(-1, part.features.shape[2]) for part in panels])
    means, deviations = flat.mean(axis=0), np.maximum(flat.std(axis=0), 0.01)
    rated = sets[0].models if pool else ()
    table, wins = zip(
        *(
            _list_comparisons(
                replace(part, features=standardise(part.features, means, deviations)), len(rated)
            )
            for part in panels
        ),
        strict=True,
    )
    width = len(means)
    shrinkage = np.repeat([_SHRINK_STYLE, _QUALITY_SHRINKAGE, _SHRINK_SKILL], [width, 1, len(rated)])
    weights = _solve(np.concatenate(table), np.concatenate(wins), shrinkage)
    return StyleWeights(
        means=tuple(map(float, means)),
        deviations=tuple(map(float, deviations)),
        weights=tuple(map(float, weights[:width])),
        standing=float(weights[width]),
        skills=dict(zip(rated, map(float, weights[width + 1 :]), strict=True)),
        judged=sum(len(responses.utilities) for responses in sets),
    )
