"""What measuring fused answers is expected to cost beside the candidates, and how long it takes, by model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aggregator.calibration.fusion.judge_checks import list_labelled_pairs
from aggregator.calibration.fusion.judge_pairs import build_judge_question
from aggregator.catalog.catalog import LanguageModel
from aggregator.pipeline.chat_messages import build_messages, count_message_tokens
from aggregator.pipeline.routing.answer_forecast import (
    UNMEASURED,
    Paces,
    expect_seconds,
    expect_tokens,
    expect_topic_tokens,
)
from aggregator.pipeline.routing.plan_options import answer_cost_micros
from aggregator.pipeline.types import Question

# A verdict's JSON object, and the report that a fuser writes before its answer.
_VERDICT_TOKENS, _REPORT_TOKENS = 30, 300
# The instructions of a fuser and of its report; those of a judge are counted from its first labelled pair.
_FUSER_TOKENS = 1_500
_MOST_FUSED, _ORDERS = 3, 2


@dataclass(frozen=True, slots=True)
class ExtraCalls:
    """Calls to one model: how many, what they cost together in micros of won, and how long they take."""

    model: str
    calls: int
    cost_micros: int
    seconds: float


def estimate_fusion(
    questions: Sequence[Question],
    models: Sequence[LanguageModel],
    judges: Sequence[LanguageModel],
    paces: Paces,
) -> list[ExtraCalls]:
    """Return the calls that check the judges, write fused answers and compare them.

    `judges` are models on offer, best first: the first of them, and the second for what that one wrote, are
    taken for able to judge. Where none is, it costs less.
    """
    judges = list(judges[:2])
    if not questions or not judges:
        return []
    usual = expect_topic_tokens("other", is_votable=False)
    answer = round(sum(_expect(model, usual, paces) for model in models) / max(1, len(models)))
    pairs = list_labelled_pairs(0)
    check = sum(_count_prompt(judges[0], build_judge_question(pair)) for pair in pairs) // len(pairs)
    prompt = sum(_count_prompt(judges[0], question) for question in questions) // len(questions)
    found = [_add(judge, _ORDERS * len(pairs), check, _VERDICT_TOKENS, paces) for judge in judges]
    found.extend(
        call
        for model in models
        for call in _compare(model, judges, len(questions), (prompt, answer, check), paces)
    )
    return found


def _compare(
    model: LanguageModel,
    judges: Sequence[LanguageModel],
    questions: int,
    tokens: tuple[int, int, int],
    paces: Paces,
) -> Iterator[ExtraCalls]:
    """Yield the calls about one model's fused answers: those that write them, and those that compare them."""
    prompt, answer, check = tokens
    read = 2 * (prompt + _MOST_FUSED * answer) + _FUSER_TOKENS
    yield _add(model, questions, read, answer + _REPORT_TOKENS, paces)
    judge = next((judge for judge in judges if judge.slug != model.slug), judges[0])
    yield _add(judge, _ORDERS * questions, check + prompt + 2 * answer, _VERDICT_TOKENS, paces)


def _expect(model: LanguageModel, usual: int, paces: Paces) -> int:
    return expect_tokens(model, usual, paces.get(model.slug) or UNMEASURED)


def _count_prompt(model: LanguageModel, question: Question) -> int:
    return count_message_tokens(build_messages(model, question))


def _add(model: LanguageModel, calls: int, read: int, written: int, paces: Paces) -> ExtraCalls:
    seconds = expect_seconds(model, read, written, paces.get(model.slug) or UNMEASURED)
    return ExtraCalls(model.slug, calls, calls * answer_cost_micros(model, read, written), calls * seconds)
