"""Measures weights on answered questions with known answers, through the functions of a live turn."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from aggregator.budgeting.pacing import PacingState
from aggregator.budgeting.turn_budget import DailyFunds, TurnBudget
from aggregator.catalog.catalog import LanguageModel
from aggregator.pipeline.answer_type import detect_answer_type
from aggregator.pipeline.ranking.rank import rank
from aggregator.pipeline.ranking.weights import ModelWeights, activate_weights, get_active_weights
from aggregator.pipeline.routing.expected_quality import expect_quality
from aggregator.pipeline.routing.prompt_topics import TopicPrediction, classify_topic
from aggregator.pipeline.routing.route import RoutePreferences, RoutingContext, plan_route
from aggregator.pipeline.routing_weights import RoutingWeights
from aggregator.pipeline.types import Draft, Question, RouteLimits, Strategy
from aggregator.training.answered_questions import AnsweredQuestion

Scores = NDArray[np.float64]
_BINS = 10
_AMPLE_MICROS = 10**15
# What money buys is not measured here.
_AMPLE = TurnBudget(DailyFunds(_AMPLE_MICROS, 0, 0), PacingState(0.0, 1e9, 1e9))


@dataclass(frozen=True, slots=True)
class Figures:
    """What weights reach: how often the first-ranked and the routed answer are right, and calibration.

    `error` is the expected calibration error of the `shown` chances of being right, None without any.
    """

    vote: float
    routed: float
    error: float | None
    shown: int

    def to_json(self) -> dict[str, Any]:
        """Return the figures as JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Measurement:
    """The figures of weights, and whether each question's first-ranked answer is right."""

    figures: Figures
    right: Scores


@contextmanager
def use_weights(weights: ModelWeights) -> Iterator[None]:
    """Use weights in this process for a while."""
    before = get_active_weights()
    activate_weights(weights)
    try:
        yield
    finally:
        activate_weights(before)


def measure_weights(
    weights: ModelWeights,
    records: Sequence[AnsweredQuestion],
    models: Sequence[LanguageModel],
    scores: Scores,
) -> Measurement:
    """Answer every question with the recorded answers; `scores` has shape (questions, models)."""
    columns = {model.slug: column for column, model in enumerate(models)}
    right, routed, shown = [], [], []
    with use_weights(weights):
        for row, record in enumerate(records):
            topic = classify_topic(record.question, has_router=weights.routing.router is not None)
            offer = _expect(models, weights.routing, topic, record.question)
            question = Question(record.question, record.language, topic=topic.topic)
            drafts = _build_drafts(record, offer)
            ranking = rank(question, drafts)
            is_right = scores[row, columns[ranking.standings[0].candidate]]
            right.append(is_right)
            if ranking.confidence is not None:
                shown.append((ranking.confidence, is_right))
            routed.append(scores[row, columns[_route(question, offer, weights.routing, topic)]])
    error = measure_calibration_error(np.array(shown)) if shown else None
    figures = Figures(float(np.mean(right)), float(np.mean(routed)), error, len(shown))
    return Measurement(figures, np.array(right))


def measure_calibration_error(shown: Scores) -> float:
    """Return the expected calibration error (Naeini et al., 2015) of rows of a chance and the outcome."""
    bins = np.minimum((shown[:, 0] * _BINS).astype(int), _BINS - 1)
    gaps = [
        (bins == number).mean() * abs(shown[bins == number, 0].mean() - shown[bins == number, 1].mean())
        for number in set(bins.tolist())
    ]
    return float(sum(gaps))


def _expect(
    models: Sequence[LanguageModel], weights: RoutingWeights, topic: TopicPrediction, prompt: str
) -> Sequence[LanguageModel]:
    """Return the models with the quality that a live turn expects of them (`build_context`)."""
    if detect_answer_type(prompt) or weights.router:
        return expect_quality(models, weights, topic)
    return models


def _build_drafts(record: AnsweredQuestion, offer: Sequence[LanguageModel]) -> list[Draft]:
    by_slug: Mapping[str, LanguageModel] = {model.slug: model for model in offer}
    return [
        Draft(slug, slug, by_slug[slug].vendor, by_slug[slug].standing, answer.text)
        for slug, answer in record.answers.items()
        if slug in by_slug
    ]


def _route(
    question: Question, offer: Sequence[LanguageModel], weights: RoutingWeights, topic: TopicPrediction
) -> str:
    """Return the one model that a live turn asks when one answer is wanted."""
    route = plan_route(
        question,
        offer,
        preferences=RoutePreferences(strategy=Strategy.SINGLE),
        context=RoutingContext(_AMPLE, topic, None, weights),
        limits=RouteLimits(1, 0, settings.TURN_DEADLINE_MS, 1),
    )
    return route.slots[0].model.slug
