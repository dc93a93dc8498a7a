"""The labelled pairs by which a model shows whether it can judge, before anything is decided by it.

A judge must find the better answer of nearly all pairs in both orders. One that follows the order, replies in
no readable form, or agrees with the labels by chance cannot say which of two good answers is better.
"""

import csv
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from aggregator.calibration.fusion.judge_pairs import AnswerPair, make_case

LABELLED_PAIRS = Path(__file__).with_name("judge_checks.csv")
# So many pairs are asked before it is looked whether a model can still pass.
PAIRS_AT_ONCE = 4
# Who guesses passes less than once in a thousand times.
MIN_PASSED_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class PairScore:
    """What a judge says of a pair: the mean of both orders for the first answer, a tie without two verdicts.

    `is_unreadable` where a reply has no verdict, `is_swayed` where the verdict followed the order.
    """

    score: float
    is_unreadable: bool = False
    is_swayed: bool = False


@dataclass(frozen=True, slots=True)
class JudgeRecord:
    """How a model judged the labelled pairs that it was asked."""

    slug: str
    pairs: int
    passed: int
    swayed: int
    unreadable: int

    @property
    def can_judge(self) -> bool:
        """Whether it found the better answer of nearly all pairs in both orders."""
        return self.passed >= MIN_PASSED_SHARE * len(_read_rows())

    @property
    def is_hopeless(self) -> bool:
        """Whether it cannot judge, whatever it says of the pairs that it was not asked yet."""
        return self.passed + len(_read_rows()) - self.pairs < MIN_PASSED_SHARE * len(_read_rows())

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON values."""
        return asdict(self) | {"can_judge": self.can_judge}


def score_orders(first: float | None, swapped: float | None) -> PairScore:
    """Return what two verdicts say of a pair, the second of them on the swapped pair; None is unreadable."""
    if first is None or swapped is None:
        return PairScore(0.5, is_unreadable=True)
    return PairScore((first + 1 - swapped) / 2, is_swayed=first == swapped != 0.5)


def record_judge(slug: str, scores: Sequence[PairScore]) -> JudgeRecord:
    """Return how a model judged the labelled pairs; the first answer of each is the better one."""
    return JudgeRecord(
        slug=slug,
        pairs=len(scores),
        passed=sum(each.score == 1.0 for each in scores),
        swayed=sum(each.is_swayed for each in scores),
        unreadable=sum(each.is_unreadable for each in scores),
    )


def list_labelled_pairs(run_id: int) -> list[AnswerPair]:
    """Return the labelled pairs, the better answer first, with markers of this run."""
    return [
        AnswerPair(question, better, worse, make_case(run_id, "check", number))
        for number, (question, better, worse) in enumerate(_read_rows())
    ]


@cache
def _read_rows() -> tuple[tuple[str, str, str], ...]:
    with LABELLED_PAIRS.open(encoding="utf-8", newline="") as file:
        return tuple((row["question"], row["better"], row["worse"]) for row in csv.DictReader(file))
