"""What a calibration is expected to cost and how long it takes, before it is started."""

from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.calibration.fusion.cost import ExtraCalls, estimate_fusion
from aggregator.catalog.catalog import LanguageModel
from aggregator.models import CalibrationRun
from aggregator.pipeline.answer_type import detect_answer_type
from aggregator.pipeline.chat_messages import build_messages, choose_settings, count_message_tokens
from aggregator.pipeline.routing.answer_forecast import (
    UNMEASURED,
    Paces,
    expect_seconds,
    expect_tokens,
    expect_topic_tokens,
)
from aggregator.pipeline.routing.plan_options import answer_cost_micros
from aggregator.pipeline.types import Question

# Few at once, so that people's turns find free calls at the same provider.
CALLS_AT_ONCE = 3
LOCAL_CALLS_AT_ONCE = 1
_LOCAL = "local"


@dataclass(frozen=True, slots=True)
class ModelEstimate:
    """What one model's answers are expected to cost, in micros of won, and how long they take."""

    model: str
    calls: int
    cost_micros: int
    seconds: float

    @property
    def minutes(self) -> int:
        """How long they take, in whole minutes."""
        return max(1, round(self.seconds / 60))


@dataclass(frozen=True, slots=True)
class RunEstimate:
    """What a run is expected to cost, in micros of won, and how long it takes."""

    models: tuple[ModelEstimate, ...]

    @property
    def calls(self) -> int:
        """How many calls are made."""
        return sum(row.calls for row in self.models)

    @property
    def cost_micros(self) -> int:
        """What all calls cost."""
        return sum(row.cost_micros for row in self.models)

    @property
    def minutes(self) -> int:
        """How long it takes, in whole minutes; models are asked side by side."""
        seconds = max((row.seconds for row in self.models), default=0.0)
        return max(1, round(seconds / 60))


def count_calls_at_once(model: LanguageModel) -> int:
    """Return how many calls of a run one model serves at once."""
    return min(model.concurrency, LOCAL_CALLS_AT_ONCE if model.provider == _LOCAL else CALLS_AT_ONCE)


def limit_cost_micros(model: LanguageModel, question: Question) -> int:
    """Return the most that one answer may cost in micros of won: one as long as the model may write."""
    tokens = count_message_tokens(build_messages(model, question))
    return answer_cost_micros(model, tokens, choose_settings(model, question).max_tokens)


def estimate_run(
    questions: Sequence[Question],
    models: Sequence[LanguageModel],
    *,
    kind: str,
    paces: Paces,
    judges: Sequence[LanguageModel] = (),
) -> RunEstimate:
    """Return what asking these models these questions is expected to cost, and how long it takes.

    `judges` are the models on offer, best first, which a run about fused answers asks for verdicts.
    """
    rows = {model.slug: _estimate_model(model, questions, paces) for model in models}
    if kind == CalibrationRun.Kind.FUSION:
        by_slug = {model.slug: model for model in (*models, *judges)}
        for more in estimate_fusion(questions, models, judges, paces):
            row = rows.get(more.model) or ModelEstimate(more.model, 0, 0, 0.0)
            rows[more.model] = _add_calls(row, more, count_calls_at_once(by_slug[more.model]))
    return RunEstimate(tuple(rows.values()))


def _estimate_model(model: LanguageModel, questions: Sequence[Question], paces: Paces) -> ModelEstimate:
    pace = paces.get(model.slug) or UNMEASURED
    cost, seconds = 0, 0.0
    for question in questions:
        is_votable = detect_answer_type(question.prompt) is not None
        tokens = expect_tokens(model, expect_topic_tokens("other", is_votable=is_votable), pace)
        input_tokens = count_message_tokens(build_messages(model, question))
        cost += answer_cost_micros(model, input_tokens, tokens)
        seconds += expect_seconds(model, input_tokens, tokens, pace)
    return ModelEstimate(model.slug, len(questions), cost, seconds / count_calls_at_once(model))


def _add_calls(row: ModelEstimate, more: ExtraCalls, at_once: int) -> ModelEstimate:
    seconds = row.seconds + more.seconds / at_once
    return ModelEstimate(row.model, row.calls + more.calls, row.cost_micros + more.cost_micros, seconds)
