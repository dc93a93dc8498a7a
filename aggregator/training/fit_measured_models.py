"""Fits what ships for single models on the labelled questions of a recorded calibration.

What all votes share stays as it ships, so nothing changes for other models. Skills stay on the scale of
public quality: by how much one of these models is better than another is measured; how good all of them are
on easy questions says nothing about models that were not asked these questions.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aggregator.pipeline.ranking.measured_models import MeasuredModels, ModelOffsets
from aggregator.pipeline.ranking.tally import VoteWeights
from aggregator.pipeline.ranking.weights import ModelWeights, add_measured_models
from aggregator.pipeline.routing_weights import ANY_TOPIC
from aggregator.training.answered_questions import (
    AnsweredQuestion,
    encode_records,
    list_models,
    measure_scores,
)
from aggregator.training.fit_accuracies import (
    anchor_accuracies,
    measure_accuracies,
    measure_topic_accuracies,
)
from aggregator.training.fit_vote import fit_model_offsets, score_answers
from aggregator.training.response_matrix import Numbers

MIN_ROWS = 12
FOLDS, INNER_FOLDS = 10, 5
# L2 penalties of offsets by model, and by model and topic; cross-validation chooses. None: no offsets.
PENALTIES = (None, (200.0, 400.0), (60.0, 120.0), (20.0, 60.0))
_LEAST_PROBABILITY = 1e-9
Standings = Mapping[str, float]
Penalty = tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Fold:
    """A part of the questions, and the weights that were fitted on the others."""

    records: Sequence[AnsweredQuestion]
    weights: ModelWeights


def fit_measured_models(
    records: Sequence[AnsweredQuestion], prior: ModelWeights, standings: Standings
) -> MeasuredModels:
    """Return the weights of the models that answered, of labelled records.

    The shrinkage is that of which the other parts of the records foretell a part best.
    """
    return _fit(records, prior, standings, _choose_penalty(records, prior, standings))


def cross_validate(
    records: Sequence[AnsweredQuestion], prior: ModelWeights, standings: Standings
) -> list[Fold]:
    """Return parts of the questions with the weights that all others lead to, shrinkage included."""
    return [
        Fold(part, add_measured_models(prior, fit_measured_models(rest, prior, standings)))
        for part, rest in _split(records, FOLDS)
    ]


def measure_likelihood(
    records: Sequence[AnsweredQuestion], weights: ModelWeights, standings: Standings
) -> float:
    """Return the mean log-likelihood by the vote of what is right, which may be none of the answers."""
    return float(np.mean([_score(record, weights, standings) for record in records]))


def _score(record: AnsweredQuestion, weights: ModelWeights, standings: Standings) -> float:
    # One at a time, as the number of choices is each question's own.
    models = list_models([record])
    vote = weights.option_vote if record.is_option else weights.open_vote
    skills = np.array([vote.skills.get(model, standings[model]) for model in models])
    responses = encode_records([record], models)
    probabilities = score_answers(vote, responses, skills)[0]
    right = int(responses.gold[0]) if responses.gold[0] >= 0 else -1
    return float(np.log(max(probabilities[right], _LEAST_PROBABILITY)))


def _split(
    records: Sequence[AnsweredQuestion], folds: int, seed: int = 0
) -> Iterator[tuple[list[AnsweredQuestion], list[AnsweredQuestion]]]:
    """Yield each part of the records with all others."""
    fold = np.random.default_rng(seed).permutation(len(records)) % folds
    for number in range(folds):
        part = [record for record, own in zip(records, fold, strict=True) if own == number]
        rest = [record for record, own in zip(records, fold, strict=True) if own != number]
        if part and rest:
            yield part, rest


def _choose_penalty(
    records: Sequence[AnsweredQuestion], prior: ModelWeights, standings: Standings
) -> Penalty:
    def measure(penalty: Penalty) -> float:
        total = 0.0
        for part, rest in _split(records, INNER_FOLDS, seed=1):
            weights = add_measured_models(prior, _fit(rest, prior, standings, penalty))
            total += len(part) * measure_likelihood(part, weights, standings)
        return total

    return max(PENALTIES, key=measure)


def _fit(
    records: Sequence[AnsweredQuestion], prior: ModelWeights, standings: Standings, penalty: Penalty
) -> MeasuredModels:
    models = list_models(records)
    scores, given = measure_scores(records, models)
    public = np.array([standings[model] for model in models])
    rows = measure_topic_accuracies(scores, given, [record.topic for record in records], public)
    return MeasuredModels(
        option_vote=_fit_vote(
            [row for row in records if row.is_option], prior.option_vote, standings, penalty
        ),
        open_vote=_fit_vote(
            [row for row in records if not row.is_option], prior.open_vote, standings, penalty
        ),
        skills=_anchor_topics(dict(zip(models, rows, strict=True)), public),
        provenance={"questions": len(records), "penalty": list(penalty) if penalty else None},
    )


def _fit_vote(
    records: Sequence[AnsweredQuestion], prior: VoteWeights, standings: Standings, penalty: Penalty
) -> ModelOffsets:
    if len(records) < MIN_ROWS:
        return ModelOffsets()
    models = list_models(records)
    responses, public = encode_records(records, models), np.array([standings[model] for model in models])
    skills = anchor_accuracies(measure_accuracies(responses, public), public)
    named = {model: round(float(skill), 4) for model, skill in zip(models, skills, strict=True)}
    if penalty is None:
        return ModelOffsets(skills=named)
    fitted = fit_model_offsets(responses, prior, skills, models=penalty[0], topics=penalty[1])
    return ModelOffsets(named, fitted.models, fitted.topics)


def _anchor_topics(skills: Mapping[str, Mapping[str, float]], public: Numbers) -> dict[str, dict[str, float]]:
    """Return skills on the scale of public quality; a topic says who is better at it, not how hard it is."""
    anchored: dict[str, dict[str, float]] = {model: {} for model in skills}
    for topic in next(iter(skills.values()), {ANY_TOPIC: 0.0}):
        values = anchor_accuracies(np.array([row[topic] for row in skills.values()]), public)
        for model, value in zip(skills, values, strict=True):
            anchored[model][topic] = round(float(value), 4)
    return anchored
