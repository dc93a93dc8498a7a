"""Fits the shipped model weights from recorded answers; they hold numbers and their provenance only."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from aggregator.catalog.vendors import detect_vendor
from aggregator.pipeline.ranking.style_weights import StyleWeights
from aggregator.pipeline.ranking.tally import VoteWeights
from aggregator.pipeline.ranking.weights import ModelWeights
from aggregator.training.fit_style import (
    RatedResponses,
    estimate_length_effect,
    fit_style_weights,
    remove_length_effect,
)
from aggregator.training.fit_vote import fit_prior_calibration
from aggregator.training.response_matrix import ResponseMatrix

_POOL_SIZES = (3, 4, 5)
_POOLS_PER_SIZE = 12
_ROWS_PER_POOL = 400
_DIGITS = 4


def sample_pools(responses: ResponseMatrix, seed: int = 0) -> list[ResponseMatrix]:
    """Sample panels from recorded responses, each of models of different vendors."""
    rng = np.random.default_rng(seed)
    by_vendor: dict[str, list[str]] = {}
    for model, score in zip(responses.models, responses.score_models(), strict=True):
        if score > 1.5 / responses.choices:
            by_vendor.setdefault(detect_vendor(model), []).append(model)
    response_sets = []
    for size, _ in itertools.product(_POOL_SIZES, range(_POOLS_PER_SIZE)):
        vendors = rng.permutation(sorted(by_vendor))[:size]
        pool = [str(rng.choice(by_vendor[vendor])) for vendor in vendors]
        rows = rng.permutation(len(responses.gold))[:_ROWS_PER_POOL]
        response_sets.append(responses.select_models(pool).select_rows(rows))
    return response_sets


def _pad_widths(response_sets: Sequence[ResponseMatrix]) -> list[ResponseMatrix]:
    width = max(responses.width for responses in response_sets)
    return [replace(responses, width=width) for responses in response_sets]


def _fit_vote_weights(response_sets: Sequence[ResponseMatrix]) -> VoteWeights:
    pools = [pool for responses in response_sets for pool in sample_pools(responses)]
    return fit_prior_calibration(_pad_widths(pools)) if pools else VoteWeights({})


def _round(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(value, _DIGITS) for value in values)


def _fit_style_weights(responses: RatedResponses) -> StyleWeights:
    slope, mean = estimate_length_effect(responses)
    fitted = fit_style_weights(remove_length_effect(responses, slope, mean), responses.models)
    return replace(
        fitted,
        skills={},
        means=_round(fitted.means),
        deviations=_round(fitted.deviations),
        weights=_round(fitted.weights),
    )


def fit_weights(
    response_sets: Sequence[ResponseMatrix],
    opens: Mapping[str, RatedResponses],
    provenance: Mapping[str, Any],
) -> ModelWeights:
    """Fit vote calibrations on short answers, and style weights on rated responses by language."""
    return ModelWeights(
        version=datetime.now(UTC).strftime("%Y-%m-%d.%H%M%S.%f"),
        option_vote=_fit_vote_weights([responses for responses in response_sets if responses.is_lettered]),
        open_vote=_fit_vote_weights([responses for responses in response_sets if not responses.is_lettered]),
        styles={language: _fit_style_weights(responses) for language, responses in opens.items()},
        provenance=provenance,
    )
