"""Recorded answers of several models to the same questions, coded as integers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.answer_type import LETTERS
from aggregator.pipeline.ranking.tally import OPEN_CHOICES

Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]
ABSTAINED = -1


@dataclass(frozen=True, slots=True)
class ResponseMatrix:
    """Coded answers, shape (questions, models), and the code of the right answer, shape (questions,).

    Equal answers to one question have equal codes; ABSTAINED stands for no answer, or for a right answer that
    no model gave. `choices` is the number of answers to guess from, `width` the number of codes.
    """

    models: tuple[str, ...]
    answers: Codes
    gold: Codes
    topics: tuple[str, ...]
    choices: int
    width: int
    is_lettered: bool = False

    def select_rows(self, rows: Sequence[int] | Codes) -> "ResponseMatrix":
        """Return the responses to these questions only."""
        index = np.asarray(rows, dtype=np.int64)
        topics = tuple(self.topics[row] for row in index)
        answers, gold = self.answers[index], self.gold[index]
        return ResponseMatrix(self.models, answers, gold, topics, self.choices, self.width, self.is_lettered)

    def select_models(self, models: Sequence[str]) -> "ResponseMatrix":
        """Return the responses of these models; a right answer that none of them gave becomes ABSTAINED."""
        columns = [self.models.index(model) for model in models]
        answers = self.answers[:, columns]
        given = (answers == self.gold[:, None]).any(axis=1)
        gold = np.where(given, self.gold, ABSTAINED)
        return ResponseMatrix(
            tuple(models), answers, gold, self.topics, self.choices, self.width, self.is_lettered
        )

    def with_answers(self, answers: Codes) -> "ResponseMatrix":
        """Return other answers to the same questions; a right answer that none gives becomes ABSTAINED."""
        gold = np.where((answers == self.gold[:, None]).any(axis=1), self.gold, ABSTAINED)
        return replace(self, answers=answers, gold=gold)

    def join(self, other: "ResponseMatrix") -> "ResponseMatrix":
        """Return the questions of both, which are by the same models."""
        return replace(
            self,
            answers=np.concatenate([self.answers, other.answers]),
            gold=np.concatenate([self.gold, other.gold]),
            topics=self.topics + other.topics,
        )

    def score_models(self) -> Numbers:
        """Return each model's accuracy, shape (models,)."""
        right: Numbers = ((self.answers == self.gold[:, None]) & (self.answers >= 0)).mean(axis=0)
        return right


def encode_responses(
    rows: Sequence[Sequence[str]], golds: Sequence[str], models: Sequence[str], topics: Sequence[str]
) -> ResponseMatrix:
    """Code canonical answers (questions, models) as integers; an empty answer becomes ABSTAINED."""
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
    """Return one-hot votes, shape (questions, codes, models), and the codes given, (questions, codes)."""
    count, models = responses.answers.shape
    votes = np.zeros((count, responses.width, models))
    for column in range(models):
        answered = np.flatnonzero(responses.answers[:, column] >= 0)
        votes[answered, responses.answers[answered, column], column] = 1.0
    given: NDArray[np.bool_] = np.asarray(votes.any(axis=2))
    return votes, given
