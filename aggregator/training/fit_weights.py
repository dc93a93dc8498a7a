"""Fits the weights of an installation's own models on questions that they were asked.

This is what `manage.py calibrate` calls. `fit_weights` is pure: it reads no database and asks no model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from aggregator.pipeline.ranking.calibration import CalibrationError, name_question_kind
from aggregator.pipeline.ranking.tally import VoteWeights
from aggregator.pipeline.ranking.weights import ModelWeights, load_default_weights
from aggregator.pipeline.routing.prompt_topics import extract_topic_features, load_topic_classifier
from aggregator.pipeline.routing_weights import CascadePlan, RouterHead, RoutingWeights, Vectors
from aggregator.pipeline.types import Question
from aggregator.training.answered_questions import (
    AnsweredQuestion,
    encode_records,
    list_models,
    measure_scores,
)
from aggregator.training.fit_accuracies import (
    estimate_accuracies,
    measure_accuracies,
    measure_topic_accuracies,
)
from aggregator.training.fit_calibration import HeldOutVotes, measure_calibration
from aggregator.training.fit_cascade import MIN_ROWS, RecordedVotes, fit_cascades
from aggregator.training.fit_router import MIN_ROWS as MIN_ROUTED
from aggregator.training.fit_router import fit_router
from aggregator.training.fit_vote import fit_offsets

_UNKNOWN_QUALITY = 0.5
_LEAST_THRESHOLD, _MOST_THRESHOLD = 0.5, 0.95
_LEAST_LABELLED = 30
_MICROS_PER_MILLISECOND = 0.1


def fit_weights(
    records: Sequence[AnsweredQuestion],
    *,
    standings: Mapping[str, float] | None = None,
    prior: ModelWeights | None = None,
    features: Vectors | None = None,
    has_router: bool = True,
) -> ModelWeights:
    """Fit votes, skills, cascades, thresholds and the router on answered questions.

    `standings` are the models' public qualities in 0-1, to which few answers are shrunk and by which
    unlabelled ones are read. What the records say nothing about (styles, models without answers) stays as in
    `prior`, by default the weights that ship. `features` are `extract_topic_features` of the labelled
    records' questions, for callers that have them; without them they are computed, at about a tenth of a
    second each, unless `has_router` is off.
    """
    base = prior or load_default_weights()
    models = list_models(records)
    public = {model: (standings or {}).get(model, _UNKNOWN_QUALITY) for model in models}
    labelled = [record for record in records if record.gold is not None or _is_scored(record)]
    readable = [record for record in records if _is_readable(record)]
    router = _fit_router(labelled, models, features) if has_router else base.routing.router
    priors = {True: base.option_vote, False: base.open_vote}
    fitted = {
        is_option: _fit_vote([row for row in readable if row.is_option is is_option], vote, public)
        for is_option, vote in priors.items()
    }
    return replace(
        base,
        version=datetime.now(UTC).strftime("%Y-%m-%d.%H%M%S.%f"),
        option_vote=fitted[True],
        open_vote=fitted[False],
        routing=_fit_routing(labelled, priors, public, replace(base.routing, router=router))
        if labelled
        else base.routing,
        provenance={"questions": len(records), "labelled": len(labelled), "models": list(models)},
        calibration=_measure_halves(readable, priors, public),
    )


def _measure_halves(
    readable: Sequence[AnsweredQuestion], priors: Mapping[bool, VoteWeights], public: Mapping[str, float]
) -> Mapping[str, CalibrationError]:
    """Return the calibration error by kind of question: each half is judged by a fit on the other one."""
    held_out = []
    for is_option, prior in priors.items():
        rows = [row for row in readable if row.is_option is is_option and row.gold is not None]
        order = np.random.default_rng(0).permutation(len(rows))
        halves = [[rows[index] for index in order[start::2]] for start in (0, 1)]
        for learn, check in (halves, halves[::-1]):
            models = list_models(learn)
            if len(learn) < _LEAST_LABELLED or len(models) < 2:
                continue
            fitted = _fit_vote(learn, prior, public)
            skills = np.array([fitted.skills.get(model, public[model]) for model in models])
            kinds = [name_question_kind(Question(row.question, row.language)) for row in check]
            held_out.append(HeldOutVotes(encode_records(check, models), fitted, skills, kinds))
    return measure_calibration(held_out)


def _is_readable(record: AnsweredQuestion) -> bool:
    return any(answer.text for answer in record.answers.values())


def _is_scored(record: AnsweredQuestion) -> bool:
    return any(answer.score is not None for answer in record.answers.values())


def _fit_vote(
    records: Sequence[AnsweredQuestion], prior: VoteWeights, public: Mapping[str, float]
) -> VoteWeights:
    """Fit one kind of vote on the labelled records, or on agreement where nearly none has a label."""
    labelled = [record for record in records if record.gold is not None]
    used = labelled if len(labelled) >= _LEAST_LABELLED else records
    models = list_models(used)
    if len(used) < _LEAST_LABELLED or len(models) < 2:
        return prior
    responses = encode_records(used, models)
    standings = np.array([public[model] for model in models])
    if used is labelled:
        skills = measure_accuracies(responses, standings)
        return _keep_other_models(fit_offsets(responses, prior, skills), prior)
    estimated = estimate_accuracies(responses, prior, standings)
    found = {m: round(float(skill), 4) for m, skill in zip(models, estimated, strict=True)}
    return replace(prior, skills={**prior.skills, **found})


def _keep_other_models(fitted: VoteWeights, prior: VoteWeights) -> VoteWeights:
    """Return a fit with what was known before of models that were not asked."""
    topics = {
        topic: {**prior.topics.get(topic, {}), **fitted.topics.get(topic, {})}
        for topic in sorted({*prior.topics, *fitted.topics})
    }
    skills, models = {**prior.skills, **fitted.skills}, {**prior.models, **fitted.models}
    return replace(fitted, skills=skills, models=models, topics=topics)


def _fit_routing(
    labelled: Sequence[AnsweredQuestion],
    votes: Mapping[bool, VoteWeights],
    public: Mapping[str, float],
    before: RoutingWeights,
) -> RoutingWeights:
    models = list_models(labelled)
    skills = _measure_by_topic(labelled, models, public)
    best: dict[str, float] = {}
    for row in skills.values():
        for topic, skill in row.items():
            best[topic] = max(best.get(topic, 0.0), skill)
    return RoutingWeights(
        skills={**before.skills, **skills},
        thresholds={topic: _find_threshold(skill) for topic, skill in best.items()},
        cascades=_fit_cascades(labelled, votes, public),
        router=before.router,
    )


def _find_threshold(skill: float) -> float:
    """Return the confidence below which the most skilled model is likelier to be right than the vote."""
    return round(min(_MOST_THRESHOLD, max(_LEAST_THRESHOLD, skill)), 4)


def _measure_by_topic(
    labelled: Sequence[AnsweredQuestion], models: Sequence[str], public: Mapping[str, float]
) -> dict[str, dict[str, float]]:
    scores, given = measure_scores(labelled, models)
    topics = [record.topic for record in labelled]
    rows = measure_topic_accuracies(scores, given, topics, np.array([public[model] for model in models]))
    return dict(zip(models, rows, strict=True))


def _fit_cascades(
    labelled: Sequence[AnsweredQuestion], votes: Mapping[bool, VoteWeights], public: Mapping[str, float]
) -> tuple[CascadePlan, ...]:
    recorded = []
    for is_option, prior in votes.items():
        chosen = [r for r in labelled if r.gold is not None and _is_readable(r) and r.is_option is is_option]
        if len(chosen) >= MIN_ROWS:
            models = list_models(chosen)
            standings = np.array([public[model] for model in models])
            recorded.append(RecordedVotes(encode_records(chosen, models), prior, standings))
    costs = {model: _average_cost(labelled, model) for model in public}
    # Without any cost or duration no panel is worth less than all models.
    return fit_cascades(recorded, costs) if any(costs.values()) else ()


def _average_cost(records: Sequence[AnsweredQuestion], model: str) -> float:
    """Return the mean cost of a model's answers in micros of won; a millisecond counts as a tenth of one.

    So models that cost nothing are compared by how long they take.
    """
    answers = [record.answers[model] for record in records if model in record.answers]
    costs = [answer.cost_micros + _MICROS_PER_MILLISECOND * answer.milliseconds for answer in answers]
    return float(np.mean(costs)) if costs else 0.0


def _fit_router(
    labelled: Sequence[AnsweredQuestion], models: Sequence[str], features: Vectors | None
) -> RouterHead | None:
    rows = [row for row, record in enumerate(labelled) if set(models) <= set(record.answers)]
    if len(rows) < MIN_ROUTED:
        return None
    whole = [labelled[row] for row in rows]
    if features is None:
        _, centre = load_topic_classifier()
        chosen = extract_topic_features([record.question for record in whole], centre)
    else:
        chosen = features[rows]
    scores, _ = measure_scores(whole, models)
    return fit_router(chosen, [record.task or record.topic for record in whole], scores, models)
