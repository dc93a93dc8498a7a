"""Fits weights on the answers of a run and compares them with those in use on held-out questions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from aggregator.calibration.measure import Scores, measure_weights
from aggregator.catalog.catalog import LanguageModel
from aggregator.models import CalibrationAnswer, CalibrationQuestion
from aggregator.pipeline.ranking.weights import ModelWeights, get_active_weights, load_default_weights
from aggregator.pipeline.routing.prompt_topics import classify_topic
from aggregator.training.answered_questions import AnsweredQuestion, GivenAnswer, measure_scores
from aggregator.training.fit_router import MIN_ROWS as MIN_ROUTED
from aggregator.training.fit_weights import fit_weights

MIN_TRAIN, MIN_HELD_OUT = 30, 10
# A model that answered less than this share of the questions is left out of the fit.
MIN_ANSWERED = 0.5
# So much worse a calibration error is no chance on few questions.
MAX_WORSE_ERROR = 0.02
SHIPPED, IN_USE, CALIBRATED = "shipped", "in_use", "calibrated"


@dataclass(frozen=True, slots=True)
class CalibrationFit:
    """The fitted weights, or None where the answers were too few, and the report of a run."""

    weights: ModelWeights | None
    report: dict[str, Any]
    is_worse: bool = False


def build_records(
    questions: Sequence[CalibrationQuestion],
    answers: Mapping[int, Sequence[CalibrationAnswer]],
    slugs: Sequence[str],
) -> list[tuple[CalibrationQuestion, AnsweredQuestion]]:
    """Return the questions that a model answered, each with its record."""
    found = []
    for row in questions:
        given = {
            answer.model: GivenAnswer(answer.text, answer.cost_micros, answer.duration_ms)
            for answer in answers.get(row.pk, ())
            if answer.is_whole_candidate and answer.model in slugs
        }
        if given:
            topic = classify_topic(row.prompt).topic
            record = AnsweredQuestion(row.prompt, topic, row.gold or None, given, row.language, row.task)
            found.append((row, record))
    return found


def grade_answers(
    questions: Sequence[CalibrationQuestion], answers: Mapping[int, Sequence[CalibrationAnswer]]
) -> dict[int, bool]:
    """Return whether each whole candidate to a question with a known answer is right, by its key."""
    slugs = sorted({answer.model for rows in answers.values() for answer in rows})
    pairs = [(row, record) for row, record in build_records(questions, answers, slugs) if record.gold]
    scores, _ = measure_scores([record for _, record in pairs], slugs)
    return {
        answer.pk: bool(scores[index, slugs.index(answer.model)])
        for index, (row, _) in enumerate(pairs)
        for answer in answers[row.pk]
        if answer.is_whole_candidate
    }


def list_answering(
    questions: Sequence[CalibrationQuestion],
    answers: Mapping[int, Sequence[CalibrationAnswer]],
    models: Sequence[LanguageModel],
) -> list[LanguageModel]:
    """Return the models that answered about as many questions as the one that answered most."""
    counts = dict.fromkeys((model.slug for model in models), 0)
    for row in questions:
        for answer in answers.get(row.pk, ()):
            if answer.is_whole_candidate:
                counts[answer.model] = counts.get(answer.model, 0) + 1
    least = MIN_ANSWERED * max(counts.values(), default=0)
    return [model for model in models if counts[model.slug] >= max(1, least)]


def fit_run(
    questions: Sequence[CalibrationQuestion],
    answers: Mapping[int, Sequence[CalibrationAnswer]],
    models: Sequence[LanguageModel],
) -> CalibrationFit:
    """Fit on the questions that are not held out, and compare on those that are."""
    kept = list_answering(questions, answers, models)
    pairs = build_records(questions, answers, [model.slug for model in kept])
    train = [record for row, record in pairs if not row.is_held_out]
    # Models are compared on what all of them answered: a budget may end before slow ones have answered all.
    held_out = [record for row, record in pairs if row.is_held_out and len(record.answers) == len(kept)]
    report: dict[str, Any] = {
        "train": len(train),
        "held_out": len(held_out),
        "left_out": sorted({model.slug for model in models} - {model.slug for model in kept}),
    }
    if len(kept) < 2 or len(train) < MIN_TRAIN or len(held_out) < MIN_HELD_OUT:
        problem = "too_few_models" if len(kept) < 2 else "too_few"
        return CalibrationFit(None, report | {"problem": problem})
    has_router = len(train) >= MIN_ROUTED
    standings = {model.slug: model.standing for model in kept}
    weights = fit_weights(train, standings=standings, has_router=has_router)
    compared = _compare(weights, held_out, kept)
    report |= compared | {"router": _describe_router(weights, has_router=has_router)}
    report["models"] = _list_models(train, held_out, kept)
    report["is_worse"] = is_worse(report["rows"])
    provenance = {**weights.provenance, "held_out": len(held_out), "rows": report["rows"]}
    return CalibrationFit(replace(weights, provenance=provenance), report, bool(report["is_worse"]))


def _describe_router(weights: ModelWeights, *, has_router: bool) -> str:
    if weights.routing.router is not None:
        return "fitted"
    return "no_gain" if has_router else "too_few"


def _compare(
    weights: ModelWeights, records: Sequence[AnsweredQuestion], models: Sequence[LanguageModel]
) -> dict[str, Any]:
    slugs = [model.slug for model in models]
    scores, _ = measure_scores(records, slugs)
    kinds = {SHIPPED: load_default_weights(), CALIBRATED: weights}
    active = get_active_weights()
    if active.version != load_default_weights().version:
        kinds = {SHIPPED: kinds[SHIPPED], IN_USE: active, CALIBRATED: weights}
    measured = {name: measure_weights(each, records, models, scores) for name, each in kinds.items()}
    gain = measured[CALIBRATED].right - measured[SHIPPED].right
    return {
        "rows": {name: each.figures.to_json() for name, each in measured.items()},
        "oracle": float(scores.max(axis=1).mean()),
        "gain": float(gain.mean()),
        "gain_error": _standard_error(gain),
    }


def _standard_error(values: Scores) -> float:
    return float(values.std() / np.sqrt(len(values))) if len(values) else 0.0


def _list_models(
    train: Sequence[AnsweredQuestion], held_out: Sequence[AnsweredQuestion], models: Sequence[LanguageModel]
) -> list[dict[str, Any]]:
    """Return how often each model is right on both parts, the best of the train part first."""
    slugs = [model.slug for model in models]
    parts = [_measure_accuracies(records, slugs) for records in (train, held_out)]
    rows = [
        {"slug": slug, "train": float(parts[0][column]), "held_out": float(parts[1][column])}
        for column, slug in enumerate(slugs)
    ]
    return sorted(rows, key=lambda row: (-float(str(row["train"])), str(row["slug"])))


def _measure_accuracies(records: Sequence[AnsweredQuestion], slugs: Sequence[str]) -> Scores:
    """Return how often each model is right where it answered, shape (models,)."""
    scores, given = measure_scores(records, slugs)
    accuracies: Scores = (scores * given).sum(axis=0) / np.maximum(given.sum(axis=0), 1)
    return accuracies


def is_worse(rows: Mapping[str, Mapping[str, Any]]) -> bool:
    """Return whether calibrated weights reach less on held-out questions than any others did."""
    calibrated = rows[CALIBRATED]
    return any(_loses(calibrated, other) for name, other in rows.items() if name != CALIBRATED)


def _loses(calibrated: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    if calibrated["vote"] < other["vote"] or calibrated["routed"] < other["routed"]:
        return True
    errors = calibrated["error"], other["error"]
    if None in errors or calibrated["vote"] > other["vote"]:
        return False
    return bool(errors[0] > errors[1] + MAX_WORSE_ERROR)
