"""Recorded answers of many models to many questions, coded as numbers to fit the vote on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.answer_type import LETTERS
from aggregator.pipeline.ranking.tally import OPEN_CHOICES

Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]
ABSTAINED = -1


@dataclass(frozen=True, slots=True)
class ResponseMatrix:
    """Recorded answers of some models: codes that are equal where answers are, the right code, the topic."""

    models: tuple[str, ...]
    answers: Codes
    gold: Codes
    topics: tuple[str, ...]
    choices: int
    width: int
    is_lettered: bool = False

    def take(self, rows: Sequence[int] | Codes) -> "ResponseMatrix":
        """Return the responses of these rows only."""
        index = np.asarray(rows, dtype=np.int64)
        topics = tuple(self.topics[row] for row in index)
        answers, gold = self.answers[index], self.gold[index]
        return ResponseMatrix(self.models, answers, gold, topics, self.choices, self.width, self.is_lettered)

    def keep(self, models: Sequence[str]) -> "ResponseMatrix":
        """Return the responses of these models only; an answer that none of them gave is no longer there."""
        columns = [self.models.index(model) for model in models]
        answers = self.answers[:, columns]
        given = (answers == self.gold[:, None]).any(axis=1)
        gold = np.where(given, self.gold, ABSTAINED)
        return ResponseMatrix(
            tuple(models), answers, gold, self.topics, self.choices, self.width, self.is_lettered
        )

    def name_answer(self, code: int) -> str:
        """Return an answer's name as ballots carry it: an option's letter, else a number."""
        return LETTERS[code] if self.is_lettered else str(code)

    def score_models(self) -> Numbers:
        """Return each model's share of right answers."""
        right: Numbers = ((self.answers == self.gold[:, None]) & (self.answers >= 0)).mean(axis=0)
        return right


def encode_responses(
    rows: Sequence[Sequence[str]], golds: Sequence[str], models: Sequence[str], topics: Sequence[str]
) -> ResponseMatrix:
    """Code canonical answers as numbers, row by row; an empty one abstains, a gold nobody gave is none."""
    is_lettered = all(gold in LETTERS for gold in golds)
    answers = np.full((len(rows), len(models)), ABSTAINED, dtype=np.int64)
    gold = np.full(len(rows), ABSTAINED, dtype=np.int64)
    for row, given in enumerate(rows):
        codes = {letter: code for code, letter in enumerate(LETTERS)} if is_lettered else {}
        for column, answer in enumerate(given):
            if answer and (not is_lettered or answer in codes):
                answers[row, column] = codes.setdefault(answer, len(codes))
        right = codes.get(golds[row], ABSTAINED)
        gold[row] = right if right in answers[row] else ABSTAINED
    choices = len(set(golds)) if is_lettered else OPEN_CHOICES
    width = int(answers.max(initial=0)) + 1 if is_lettered else len(models)
    return ResponseMatrix(tuple(models), answers, gold, tuple(topics), choices, width, is_lettered)


def encode_one_hot(responses: ResponseMatrix) -> tuple[Numbers, NDArray[np.bool_]]:
    """Return who says what as [row, answer, model], and which answers were given at all."""
    count, models = responses.answers.shape
    says = np.zeros((count, responses.width, models))
    for column in range(models):
        spoke = np.flatnonzero(responses.answers[:, column] >= 0)
        says[spoke, responses.answers[spoke, column], column] = 1.0
    given: NDArray[np.bool_] = np.asarray(says.any(axis=2))
    return says, given
