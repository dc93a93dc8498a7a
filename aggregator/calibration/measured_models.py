"""Compares the weights measured for single models with a cold start, through the functions of a live turn."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from aggregator.calibration.measure import Scores, measure_weights
from aggregator.calibration.recorded_answers import RecordedQuestion, select_complete
from aggregator.catalog.catalog import LanguageModel, read_catalog
from aggregator.pipeline.ranking.measured_models import MeasuredModels
from aggregator.pipeline.ranking.weights import load_cold_weights
from aggregator.training.answered_questions import list_models, measure_scores
from aggregator.training.fit_measured_models import (
    Fold,
    cross_validate,
    fit_measured_models,
    measure_likelihood,
)


@dataclass(frozen=True, slots=True)
class MeasuredFigures:
    """How often the first-ranked and the routed answer are right, and the mean log-likelihood of the vote."""

    right: float
    routed: float
    likelihood: float


@dataclass(frozen=True, slots=True)
class MeasuredComparison:
    """What cold and measured weights reach on questions outside each fit."""

    questions: int
    models: Mapping[str, float]
    cold: MeasuredFigures
    measured: MeasuredFigures
    oracle: float
    gain: float
    gain_error: float

    @property
    def is_worse(self) -> bool:
        """Whether fewer answers are right, or what is right is foretold worse."""
        cold, measured = self.cold, self.measured
        return measured.right < cold.right or measured.routed < cold.routed or self.gain < 0


def compare_with_cold(rows: Sequence[RecordedQuestion]) -> MeasuredComparison:
    """Compare by cross-validation over all questions that every model answered."""
    models = _list_catalog_models(rows)
    slugs = [model.slug for model in models]
    records = [row.record for row in select_complete(rows, slugs)]
    standings = {model.slug: model.standing for model in models}
    cold = load_cold_weights()
    folds = cross_validate(records, cold, standings)
    figures = {
        "cold": _measure([replace(fold, weights=cold) for fold in folds], models),
        "measured": _measure(folds, models),
    }
    gains = [
        measure_likelihood([record], fold.weights, standings) - measure_likelihood([record], cold, standings)
        for fold in folds
        for record in fold.records
    ]
    scores, _ = measure_scores(records, slugs)
    return MeasuredComparison(
        questions=len(records),
        models=dict(zip(slugs, scores.mean(axis=0).tolist(), strict=True)),
        oracle=float(scores.max(axis=1).mean()),
        gain=float(np.mean(gains)),
        gain_error=float(np.std(gains) / np.sqrt(len(gains))),
        **figures,
    )


def fit_recorded(rows: Sequence[RecordedQuestion], comparison: MeasuredComparison) -> MeasuredModels:
    """Fit what ships on questions that are not held out: calibrations compare themselves with it on those."""
    models = _list_catalog_models(rows)
    standings = {model.slug: model.standing for model in models}
    train = [row.record for row in select_complete(rows, list(standings)) if not row.is_held_out]
    measured = fit_measured_models(train, load_cold_weights(), standings)
    return replace(measured, provenance={**measured.provenance, "cross_validation": asdict(comparison)})


def _list_catalog_models(rows: Sequence[RecordedQuestion]) -> list[LanguageModel]:
    """Return the models that answered, best first; each is one of the catalog."""
    catalog = read_catalog()
    models = [catalog[slug] for slug in list_models([row.record for row in rows])]
    return sorted(models, key=lambda model: (-model.standing, model.slug))


def _measure(folds: Sequence[Fold], models: Sequence[LanguageModel]) -> MeasuredFigures:
    slugs, standings = [model.slug for model in models], {model.slug: model.standing for model in models}
    found, sizes = [], []
    for fold in folds:
        scores: Scores = measure_scores(fold.records, slugs)[0]
        figures = measure_weights(fold.weights, fold.records, models, scores).figures
        likelihood = measure_likelihood(fold.records, fold.weights, standings)
        found.append((figures.vote, figures.routed, likelihood))
        sizes.append(len(fold.records))
    right, routed, likelihood = np.average(found, axis=0, weights=sizes).tolist()
    return MeasuredFigures(right, routed, likelihood)
