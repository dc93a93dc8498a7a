"""A probability is shown only for kinds of question for which it was measured true."""

from dataclasses import replace

import pytest

from aggregator.pipeline.ranking.calibration import (
    MIN_QUESTIONS,
    CalibrationError,
    is_probability_shown,
    name_question_kind,
)
from aggregator.pipeline.ranking.rank import rank
from aggregator.pipeline.ranking.weights import (
    activate_weights,
    dump_weights,
    load_default_weights,
    parse_weights,
)
from aggregator.pipeline.types import Draft, Question

SUM = Question("17 × 23은 얼마야?", "ko")
OPTIONS = Question("다음 중 알맞은 것을 고르세요.\nA. 하나\nB. 둘\nC. 셋", "ko")
DRAFTS = [Draft(name, name, name, 0.9, "정답: 391") for name in "abc"]


def test_kinds_tell_language_form_and_size_apart() -> None:
    assert name_question_kind(SUM) == "ko.number.short"
    assert name_question_kind(OPTIONS) == "ko.option"
    long = Question(
        f"Ann has 17 boxes of 23 pens. {'She likes pens. ' * 5}How many pens does she have?", "en"
    )
    assert name_question_kind(long) == "en.number.long"


@pytest.mark.parametrize(
    ("error", "questions", "is_shown"),
    [(0.05, MIN_QUESTIONS, True), (0.051, 9_000, False), (0.0, MIN_QUESTIONS - 1, False)],
)
def test_a_large_error_or_few_questions_show_no_probability(
    error: float, questions: int, *, is_shown: bool
) -> None:
    errors = {name_question_kind(SUM): CalibrationError(error, questions)}
    assert is_probability_shown(errors, SUM) is is_shown
    assert not is_probability_shown(errors, OPTIONS)


def test_everyday_sums_get_words_by_the_weights_that_ship() -> None:
    ranking = rank(SUM, DRAFTS)
    assert ranking.confidence is not None
    assert ranking.shown_confidence is None
    assert not any("likely_right" in row.reasons for row in ranking.standings)


def test_weights_that_measured_the_kind_show_it() -> None:
    errors = {name_question_kind(SUM): CalibrationError(0.01, 500)}
    weights = parse_weights(dump_weights(replace(load_default_weights(), calibration=errors)))
    assert weights.calibration == errors
    activate_weights(weights)
    try:
        assert rank(SUM, DRAFTS).shown_confidence == rank(SUM, DRAFTS).confidence
    finally:
        activate_weights(None)


def test_weights_of_an_earlier_release_show_no_probability() -> None:
    document = dump_weights(load_default_weights())
    document.pop("calibration")
    assert parse_weights(document).calibration == {}
