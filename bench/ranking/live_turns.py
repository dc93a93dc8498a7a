"""Recorded answers as a live turn sees them: questions, answer texts, drafts and models on offer.

Recorded sets hold a canonical answer in place of the model's text. It is worded as a model would end its
answer ("정답: B", "Answer: 42"), and a question that is not recorded is worded as a list of options of its
length. Nothing else is made up: the answer is read back out of this text by the functions of a live turn.
"""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from aggregator.catalog.catalog import LanguageModel
from aggregator.catalog.vendors import detect_vendor
from aggregator.pipeline.answer_type import LETTERS, LITERAL, detect_answer_type
from aggregator.pipeline.ranking.rank import rank
from aggregator.pipeline.routing.answer_forecast import (
    ModelPace,
    expect_topic_tokens,
    measure_length_factor,
)
from aggregator.pipeline.routing.prompt_topics import OTHER
from aggregator.pipeline.types import Draft, Question, Ranking
from aggregator.training.answered_questions import AnsweredQuestion, GivenAnswer
from aggregator.training.recordings import NO_ANSWER, RecordedSet, detect_language
from aggregator.training.response_matrix import Numbers

_NUMBER_MARK = "n"
_CHARS_PER_TOKEN = 4
_WON_PER_DOLLAR = 1_400


@dataclass(frozen=True)
class LiveSet:
    """A recorded set with a pool of its models."""

    recorded: RecordedSet
    pool: tuple[str, ...]

    @cached_property
    def questions(self) -> list[Question]:
        """The question of every row, as models were asked it."""
        golds = [row["gold"] for row in self.recorded.rows]
        if all(gold in LETTERS for gold in golds):
            options = LETTERS[: max(LETTERS.index(gold) for gold in golds) + 1]
            return [_write_options(row["question"], options) for row in self.recorded.rows]
        return [_write_open(row["question"]) for row in self.recorded.rows]

    @cached_property
    def right(self) -> Numbers:
        """Whether each model's canonical answer is the right one, shape (questions, models).

        Values of code are right when they are equal, however they are spelled.
        """
        rows = []
        for row, question in zip(self.recorded.rows, self.questions, strict=True):
            answer_type = detect_answer_type(question.prompt)
            read = _read_value if answer_type and answer_type.kind == LITERAL else str
            gold = read(row["gold"])
            rows.append(
                [float(row[model] not in NO_ANSWER and read(row[model]) == gold) for model in self.pool]
            )
        return np.array(rows)

    @cached_property
    def costs(self) -> Numbers:
        """The cost of each answer in micros of won, shape (questions, models); 0 without recorded lengths."""
        if not set(self.pool) <= set(self.recorded.list_priced_models()):
            return np.zeros(self.right.shape)
        return self.recorded.costs(self.pool) * _WON_PER_DOLLAR

    def build_drafts(self, row: int, models: Sequence[str], standings: Mapping[str, float]) -> list[Draft]:
        """Return the candidates of one question; a model without an answer failed and has none."""
        answers = self.recorded.rows[row]
        return [
            Draft(
                model, model, detect_vendor(model), standings[model], self.write_answer(row, answers[model])
            )
            for model in models
            if answers[model] not in NO_ANSWER
        ]

    def write_answer(self, row: int, answer: str) -> str:
        """Return the last line of an answer's text."""
        question = self.questions[row]
        answer_type = detect_answer_type(question.prompt)
        stated = _quote(answer) if answer_type and answer_type.kind == LITERAL else _read_mark(answer)
        return f"{'정답' if question.language == 'ko' else 'Answer'}: {stated}"

    def build_records(self, rows: Sequence[int], *, is_labelled: bool) -> list[AnsweredQuestion]:
        """Return the records that calibration would have of these questions."""
        records = []
        for row in rows:
            answers = self.recorded.rows[row]
            given = {
                model: GivenAnswer(self.write_answer(row, answers[model]), round(self.costs[row, column]))
                for column, model in enumerate(self.pool)
                if answers[model] not in NO_ANSWER
            }
            gold = self.write_answer(row, answers["gold"]) if is_labelled else None
            question = self.questions[row]
            records.append(AnsweredQuestion(question.prompt, "", gold, given, question.language))
        return records

    def measure_standings(self, rows: Sequence[int]) -> dict[str, float]:
        """Return each model's accuracy on these questions, which stands for its public quality."""
        accuracies = self.right[np.asarray(rows)].mean(axis=0)
        return dict(zip(self.pool, (float(accuracy) for accuracy in accuracies), strict=True))

    def measure_paces(self, rows: Sequence[int]) -> dict[str, ModelPace]:
        """Return each model's length of answers, as turns measure it of their stored answers."""
        lengths = [self.recorded.chars.get(self.recorded.rows[row]["id"], {}) for row in rows]
        table = expect_topic_tokens(OTHER, is_votable=True)
        paces = {}
        for model in self.pool:
            tokens = [float(row[model]) / _CHARS_PER_TOKEN for row in lengths if row.get(model)]
            factor = measure_length_factor(
                samples=len(tokens), written=sum(tokens), expected=table * len(tokens)
            )
            paces[model] = ModelPace(factor)
        return paces

    def list_offer(self, standings: Mapping[str, float]) -> list[LanguageModel]:
        """Return the pool as models on offer."""
        return [
            offer_model(model, standings[model], self.recorded.prices.get(model, {})) for model in self.pool
        ]


class Ranker:
    """Ranks candidates as a live turn does, equal turns once."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Ranking] = {}

    def rank(self, question: Question, drafts: Sequence[Draft]) -> Ranking:
        """Return the ranking of these drafts."""
        key = (question.prompt, tuple(drafts))
        if key not in self._known:
            self._known[key] = rank(question, drafts)
        return self._known[key]


def offer_model(slug: str, standing: float, price: Mapping[str, float]) -> LanguageModel:
    """Return a model on offer at a list price in dollars per million tokens."""
    # A dollar per million tokens is as many micros of won per token as a dollar is won.
    return LanguageModel(
        slug=slug,
        name=slug,
        vendor=detect_vendor(slug),
        provider="recorded",
        litellm_model=slug,
        context_window=1_000_000,
        output_limit=8_000,
        input_price_micros=round(price.get("input", 0.0) * _WON_PER_DOLLAR),
        output_price_micros=round(price.get("output", 0.0) * _WON_PER_DOLLAR),
        languages=("ko", "en"),
        standing=standing,
    )


def _write_options(question: str, options: str) -> Question:
    text = question or "다음 중 알맞은 것을 고르세요."
    lines = "\n".join(f"{letter}. 보기 {number}" for number, letter in enumerate(options, 1))
    return Question(f"{text}\n{lines}", detect_language(text))


def _write_open(question: str) -> Question:
    return Question(f"{question}\n\nCalculate the answer, and end with it.", detect_language(question))


def _read_mark(answer: str) -> str:
    """Return a canonical answer as a model writes it: recorded numbers are marked by an n."""
    number = answer.removeprefix(_NUMBER_MARK)
    return number if number[:1].isdigit() or number[:1] in "-." else answer


def _read_value(answer: str) -> object:
    """Return a value of code; recorded texts have no quotation marks."""
    try:
        return ast.literal_eval(answer.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return answer


def _quote(answer: str) -> str:
    """Return a value of code as a literal."""
    value = _read_value(answer)
    return repr(answer) if value is answer else answer
