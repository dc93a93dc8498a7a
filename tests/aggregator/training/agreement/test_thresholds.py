"""Thresholds are chosen on the passes that hold what people ask, and one for all short answers."""

import numpy as np

from aggregator.pipeline.agreement.question.question_patterns import LIST, NAME, OPEN
from aggregator.pipeline.answer_type import DATE, NUMBER, TRUTH
from aggregator.training.agreement.thresholds import (
    LabelledQuestion,
    Predicted,
    choose_thresholds,
    list_everyday,
)

EVERYDAY, ONE_KIND = "everyday", "verdicts"


def _ask(source: str, kind: str, probability: float, *, is_same: bool) -> Predicted:
    question = LabelledQuestion(
        source, kind, 2, ((0, 1),), np.zeros((1, 1)), (None,), np.array([float(is_same)])
    )
    return question, {(0, 1): probability}


def _make_pass(source: str, kinds: tuple[str, ...]) -> list[Predicted]:
    """Return pairs of which all above .75 say the same, and half of those below."""
    sure = [_ask(source, kind, 0.9, is_same=True) for kind in kinds for _ in range(10)]
    unsure = [_ask(source, kind, 0.7, is_same=bool(n % 2)) for kind in kinds for n in range(10)]
    return sure + unsure


def test_a_pass_of_one_kind_of_question_chooses_no_threshold() -> None:
    mixed = _make_pass(EVERYDAY, (NUMBER, DATE, NAME))
    narrow = [_ask(ONE_KIND, TRUTH, 0.95, is_same=False) for _ in range(100)]
    assert {question.source for question, _ in list_everyday([*mixed, *narrow])} == {EVERYDAY}
    assert choose_thresholds([*mixed, *narrow]) == choose_thresholds(mixed)


def test_the_threshold_is_the_lowest_that_is_precise_and_one_for_all_short_answers() -> None:
    chosen = choose_thresholds(_make_pass(EVERYDAY, (NUMBER, DATE, NAME)))
    assert 0.7 <= chosen[NUMBER].same <= 0.72
    assert chosen[NUMBER] == chosen[DATE] == chosen[NAME] == chosen[TRUTH]
    assert chosen[OPEN] == chosen[LIST]
    assert chosen[OPEN].same > chosen[NUMBER].same
