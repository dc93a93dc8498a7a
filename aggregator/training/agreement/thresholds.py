"""Chooses from which probability pairs count as the same, and below which as different."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.agreement.agreement import Pair, Thresholds, Verdict, group_answers
from aggregator.pipeline.agreement.question.question_patterns import KINDS, NAME
from aggregator.pipeline.answer_type import DATE, NUMBER, TRUTH

Numbers = NDArray[np.float64]
PRECISION, MOST_SPLIT = 0.93, 0.015
STRICTEST, LOWEST_SAME, MOST_DIFFERENT, STEP = 0.96, 0.6, 0.2, 0.02
# The kinds whose answers are a value, a name or a verdict.
SHORT = {NUMBER, DATE, TRUTH, NAME}
# A pass of mostly one kind of question is not what people ask.
LARGEST_SHARE = 0.4


@dataclass(frozen=True)
class LabelledQuestion:
    """The pairs of one question's answers: features, what exact readers say, and labels."""

    source: str
    kind: str
    count: int
    pairs: tuple[Pair, ...]
    rows: Numbers
    exact: tuple[float | None, ...]
    same: Numbers


Predicted = tuple[LabelledQuestion, dict[Pair, float]]


def _count(predicted: Sequence[Predicted], thresholds: Thresholds, verdict: Verdict) -> tuple[int, int]:
    """Return the numbers of same and of different pairs that get a verdict."""
    counts = [0, 0]
    for question, probabilities in predicted:
        agreement = group_answers(probabilities, thresholds, [""] * question.count)
        for pair, is_same in zip(question.pairs, question.same, strict=True):
            if agreement.verdicts[pair] == verdict:
                counts[int(is_same <= 0)] += 1
    return counts[0], counts[1]


def list_everyday(predicted: Sequence[Predicted]) -> list[Predicted]:
    """Return the questions of the passes that hold no kind of question too often; of all, if none does."""
    kinds: dict[str, Counter[str]] = {}
    for question, _ in predicted:
        kinds.setdefault(question.source, Counter())[question.kind] += 1
    mixed = {name for name, each in kinds.items() if max(each.values()) < LARGEST_SHARE * each.total()}
    return [row for row in predicted if row[0].source in mixed] or list(predicted)


def _choose_same(rows: Sequence[Predicted]) -> float:
    """Return the lowest probability from which what counts as the same is precise enough."""
    for threshold in np.arange(LOWEST_SAME, STRICTEST, STEP):
        right, wrong = _count(rows, Thresholds(float(threshold), 0.0), Verdict.SAME)
        if right and right >= PRECISION * (right + wrong):
            return round(float(threshold), 3)
    return STRICTEST


def choose_thresholds(predicted: Sequence[Predicted]) -> dict[str, Thresholds]:
    """Return the thresholds of each kind: one for answers that are short, one for all others.

    Thresholds of their own for every kind would follow the chance of a few dozen pairs.
    """
    rows = list_everyday(predicted)
    short = _choose_same([row for row in rows if row[0].kind in SHORT])
    long = _choose_same([row for row in rows if row[0].kind not in SHORT])
    labelled = sum(int(question.same.sum()) for question, _ in rows)
    different = 0.0
    for threshold in np.arange(STEP, MOST_DIFFERENT, STEP):
        split, _ = _count(rows, Thresholds(short, float(threshold)), Verdict.DIFFERENT)
        if split <= MOST_SPLIT * labelled:
            different = round(float(threshold), 3)
    return {kind: Thresholds(short if kind in SHORT else long, different) for kind in KINDS}


@dataclass(frozen=True)
class Figures:
    """Precision and recall of "same", and the share of same pairs said to differ, after grouping."""

    precision: float
    recall: float
    split: float


def measure_thresholds(predicted: Sequence[Predicted], thresholds: Mapping[str, Thresholds]) -> Figures:
    """Return the figures of questions whose probabilities were predicted without their pass."""
    hits = errors = split = 0
    for kind, chosen in thresholds.items():
        rows = [row for row in predicted if row[0].kind == kind]
        right, wrong = _count(rows, chosen, Verdict.SAME)
        hits, errors = hits + right, errors + wrong
        split += _count(rows, chosen, Verdict.DIFFERENT)[0]
    same = sum(int(question.same.sum()) for question, _ in predicted)
    return Figures(hits / max(hits + errors, 1), hits / max(same, 1), split / max(same, 1))
