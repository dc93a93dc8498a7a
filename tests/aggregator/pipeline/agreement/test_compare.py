"""Answers that say the same are grouped, whatever their words; what cannot be read is not compared."""

import pytest

from aggregator.pipeline.agreement.agreement import Thresholds, Verdict, group_answers
from aggregator.pipeline.agreement.compare import compare_answers
from aggregator.pipeline.types import Question


@pytest.mark.parametrize(
    ("prompt", "one", "other"),
    [
        ("한국의 수도는?", "서울입니다.", "한국의 수도는 서울입니다."),
        ("12 곱하기 12는?", "144", "12 곱하면 144입니다."),
        ("커피값 얼마?", "1,200원", "천이백 원"),
        ("12 곱하기 12는?", "12 곱하기 12의 결과는 144입니다.", "12 곱하기 12는 144입니다."),
        # 1000 is no year here.
        ("1킬로그램은 몇 그램이야?", "1킬로그램은 1000그램입니다.", "1킬로그램은 1000 gram입니다."),
        (
            "한국의 수도는?",
            "서울이라고 알고 있어요.\n\n정답: 서울",
            "서울은 한강을 끼고 있어요.\n\n정답: 서울",
        ),
    ],
)
def test_two_forms_of_one_answer_are_the_same(prompt: str, one: str, other: str) -> None:
    assert compare_answers(Question(prompt, "ko"), [one, other]).judge(0, 1) == Verdict.SAME


def test_an_answer_that_only_denies_a_number_is_not_the_same_as_one_that_states_it() -> None:
    question = Question("1킬로그램은 몇 그램이야?", "ko")
    agreement = compare_answers(question, ["1000그램입니다.", "1000그램이 아닙니다."])
    assert agreement.judge(0, 1) != Verdict.SAME


def test_groups_hold_every_answer_once_and_in_order() -> None:
    probabilities = {(0, 1): 0.1, (0, 2): 0.97, (0, 3): 0.5, (1, 2): 0.1, (1, 3): 0.5, (2, 3): 0.5}
    agreement = group_answers(probabilities, Thresholds(0.9, 0.2), ["a", "b", "a", ""])
    assert agreement.groups == ((0, 2), (1,), (3,))
    assert agreement.judge(2, 1) == Verdict.DIFFERENT
    assert {agreement.judge(index, 3) for index in range(3)} == {Verdict.UNKNOWN}
