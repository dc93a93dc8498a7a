"""Fits the shipped model weights from recorded answers; they hold numbers and their provenance only."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from aggregator.catalog.vendors import detect_vendor
from aggregator.pipeline.ranking.calibration import CalibrationError
from aggregator.pipeline.ranking.style_weights import StyleWeights
from aggregator.pipeline.ranking.weights import ModelWeights
from aggregator.pipeline.routing.plan_options import MAX_PER_VENDOR
from aggregator.training.fit_calibration import HeldOutVotes, measure_calibration
from aggregator.training.fit_style import RatedResponses, fit_style_weights
from aggregator.training.fit_vote import fit_prior
from aggregator.training.response_matrix import ResponseMatrix

_POOL_SIZES = (2, 3, 4, 5, 6, 8, 12)
_POOLS_PER_SIZE = 5
_ROWS_PER_POOL = 250
_DIGITS = 4


def sample_pools(responses: ResponseMatrix, seed: int = 0) -> list[ResponseMatrix]:
    """Sample panels from recorded responses, of which few models are of one vendor."""
    rng = np.random.default_rng(seed)
    scores = responses.score_models()
    usable = [m for m, score in zip(responses.models, scores, strict=True) if score > 1.5 / responses.choices]
    panels = []
    for size in (size for size in _POOL_SIZES if size <= len(usable)):
        for _ in range(_POOLS_PER_SIZE):
            pool = _sample_mixed(usable, size, rng)
            rows = rng.permutation(len(responses.gold))[:_ROWS_PER_POOL]
            panels.append(responses.select_models(pool).select_rows(rows))
    return panels


def _sample_mixed(models: Sequence[str], size: int, rng: np.random.Generator) -> list[str]:
    """Return a sample with at most half, or two, of one vendor, unless fifty samples have more."""
    for _ in range(50):
        pool = [str(model) for model in rng.permutation(models)[:size]]
        vendors = [detect_vendor(model) for model in pool]
        if max(vendors.count(vendor) for vendor in vendors) <= max(MAX_PER_VENDOR, size // 2):
            break
    return pool


def _round(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(value, _DIGITS) for value in values)


def _fit_style_weights(sets: Sequence[RatedResponses]) -> StyleWeights:
    fitted = fit_style_weights(sets)
    return replace(
        fitted,
        means=_round(fitted.means),
        deviations=_round(fitted.deviations),
        weights=_round(fitted.weights),
        standing=round(fitted.standing, _DIGITS),
    )


def _measure_prior(
    response_sets: Sequence[ResponseMatrix], kinds: Sequence[Sequence[str]]
) -> Mapping[str, CalibrationError]:
    """Return the calibration error on every set by a prior that was fitted on the others.

    A model's public quality is its accuracy on the other sets, as a live turn knows none on these questions.
    """
    accuracies = [dict(zip(each.models, each.score_models(), strict=True)) for each in response_sets]
    held_out = []
    for number, responses in enumerate(response_sets):
        others = [each for index, each in enumerate(response_sets) if index != number]
        known = {
            model: float(np.mean(found))
            for model in responses.models
            if (found := [row[model] for i, row in enumerate(accuracies) if i != number and model in row])
        }
        if others and len(known) > 1:
            prior = fit_prior([pool for each in others for pool in sample_pools(each)])
            chosen, skills = responses.select_models(list(known)), np.array(list(known.values()))
            held_out.append(HeldOutVotes(chosen, prior, skills, kinds[number]))
    return measure_calibration(held_out)


def fit_default_weights(
    response_sets: Sequence[ResponseMatrix],
    opens: Mapping[str, Sequence[RatedResponses]],
    provenance: Mapping[str, Any],
    kinds: Sequence[Sequence[str]] = (),
) -> ModelWeights:
    """Fit what all votes share on short answers, and style weights on rated responses, by language.

    The style weights of all languages are one fit: sets of two languages say more about new models than one.
    Votes on options and open votes are fitted together, as what they share depends on the number of choices
    only, and more sets make it hold on new ones. With `kinds`, the kind of every question, it is measured for
    which of them probabilities hold.
    """
    vote = fit_prior([pool for responses in response_sets for pool in sample_pools(responses)])
    rated = [responses for sets in opens.values() for responses in sets]
    return ModelWeights(
        version=datetime.now(UTC).strftime("%Y-%m-%d.%H%M%S.%f"),
        option_vote=vote,
        open_vote=vote,
        styles=dict.fromkeys(opens, _fit_style_weights(rated)) if rated else {},
        provenance=provenance,
        calibration=_measure_prior(response_sets, kinds) if kinds else {},
    )
