"""Questions with the answers of models: what calibration records, and what weights are fitted on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.answer_type import OPTION, detect_answer_type
from aggregator.pipeline.ranking.vote import count_choices, read_answers
from aggregator.pipeline.types import Question
from aggregator.training.response_matrix import ABSTAINED, Numbers, ResponseMatrix


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """One model's whole answer text, its cost in micros of won and its duration.

    `score` is a quality in 0-1 from elsewhere, as of a judge; without one the answer is right or wrong by the
    gold answer.
    """

    text: str
    cost_micros: int = 0
    milliseconds: int = 0
    score: float | None = None


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """One question as models were asked it, its topic, the right answer if it is known, and the answers by
    slug.

    The topic is the one that a live turn would have (`classify_topic(question).topic`), or empty; `task` may
    name the set that the question is of. Models that failed are left out of `answers`.
    """

    question: str
    topic: str
    gold: str | None
    answers: Mapping[str, GivenAnswer] = field(default_factory=dict)
    language: str = "ko"
    task: str = ""

    @property
    def is_option(self) -> bool:
        """Whether the question lists options to choose from."""
        answer_type = detect_answer_type(self.question)
        return answer_type is not None and answer_type.kind == OPTION


def list_models(records: Sequence[AnsweredQuestion]) -> tuple[str, ...]:
    """Return the slugs of all models that answered, in alphabetical order."""
    return tuple(sorted({model for record in records for model in record.answers}))


def encode_records(records: Sequence[AnsweredQuestion], models: Sequence[str]) -> ResponseMatrix:
    """Group the answers of every question as a live vote does, and code the groups as integers.

    The records are all of options or all open; a known right answer that no model gave becomes ABSTAINED, and
    `is_labelled` says which rows have one.
    """
    rows = []
    for record in records:
        texts = [record.answers[model].text if model in record.answers else "" for model in models]
        rows.append(_read_answers(record.question, record.language, (*texts, record.gold or "")))
    is_option = bool(records) and records[0].is_option
    return _encode_groups(rows, records, models, is_lettered=is_option)


@lru_cache(maxsize=20_000)
def _read_answers(prompt: str, language: str, texts: tuple[str, ...]) -> list[str]:
    # Comparing answers takes most of a fit, which needs them several times.
    return read_answers(Question(prompt, language), texts)


def _encode_groups(
    rows: Sequence[Sequence[str]],
    records: Sequence[AnsweredQuestion],
    models: Sequence[str],
    *,
    is_lettered: bool,
) -> ResponseMatrix:
    answers = np.full((len(rows), len(models)), ABSTAINED, dtype=np.int64)
    gold = np.full(len(rows), ABSTAINED, dtype=np.int64)
    letters = {letter: code for code, letter in enumerate("ABCDEFGHIJ")} if is_lettered else {}
    for row, groups in enumerate(rows):
        codes = dict(letters)
        for column, answer in enumerate(groups[:-1]):
            if answer and (not is_lettered or answer in letters):
                answers[row, column] = codes.setdefault(answer, len(codes))
        right = codes.get(groups[-1], ABSTAINED) if groups[-1] else ABSTAINED
        gold[row] = right if right in answers[row] else ABSTAINED
    choices = max((count_choices(detect_answer_type(record.question)) for record in records), default=2)
    width = int(answers.max(initial=0)) + 1 if is_lettered else max(1, len(models))
    topics = tuple(record.topic for record in records)
    return ResponseMatrix(tuple(models), answers, gold, topics, choices, width, is_lettered)


def measure_scores(
    records: Sequence[AnsweredQuestion], models: Sequence[str]
) -> tuple[Numbers, NDArray[np.bool_]]:
    """Return each answer's quality, and whether there is one, shape (questions, models) each.

    The quality is the answer's score, else whether it says the same as the right answer.
    """
    scores = np.zeros((len(records), len(models)))
    given = np.array([[model in record.answers for model in models] for record in records])
    for is_option in (True, False):
        rows = [row for row, record in enumerate(records) if record.is_option is is_option and record.gold]
        if rows:
            responses = encode_records([records[row] for row in rows], models)
            scores[rows] = (responses.answers == responses.gold[:, None]) & (responses.answers >= 0)
    for row, record in enumerate(records):
        for column, model in enumerate(models):
            answer = record.answers.get(model)
            if answer is not None and answer.score is not None:
                scores[row, column] = answer.score
    return scores, given
