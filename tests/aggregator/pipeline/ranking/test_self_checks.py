"""An answer is checked against what was asked and against itself; nothing in it is ever run."""

import numpy as np
import pytest

from aggregator.pipeline.ranking.rank import rank
from aggregator.pipeline.ranking.self_checks import CHECKS, count_wrong_calculations, run_checks, score_checks
from aggregator.pipeline.types import Draft, Question

OPTIONS = "(A) 12 m/s\n(B) 15 m/s\n(C) 18 m/s"
ASKED = f"How fast is it?\n{OPTIONS}\nDuplicate that letter five times in a single string."


def _check(name: str, text: str, prompt: str = ASKED) -> float:
    return float(run_checks(prompt, text)[CHECKS.index(name)])


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("17 × 23 = 391", 0),
        ("17 * 23 = 401", 1),
        ("1,200 / 7 = 171.43 and 2 + 2 = 5", 1),
        ("x^2 + 3 = 12, f(2) = 5", 0),
        ("5 / 0 = 7", 0),
        ("__import__('os') 9 + 1 = 10", 0),
    ],
)
def test_written_out_sums_are_calculated_again(text: str, wrong: int) -> None:
    assert count_wrong_calculations(text) == wrong


def test_the_form_that_was_asked_for_is_looked_for() -> None:
    assert _check("obeys_form", "It is 15. BBBBB") == 1.0
    assert _check("obeys_form", "It is 15.") == 0.0
    assert _check("obeys_form", "It is 15.", "How fast is it?") == 1.0
    assert _check("obeys_form", "정답: 15", "마지막 줄에 '정답: 값'으로 써 줘") == 1.0


def test_a_chosen_number_should_come_up_in_the_working() -> None:
    assert _check("number_reached", "30 m in 2 s make 15 m/s.\nBBBBB") == 1.0
    assert _check("number_reached", "30 m in 2 s make 16 m/s, so:\n(B) 15 m/s\nBBBBB") == 0.0


def test_doubt_at_the_end_and_second_thoughts_count_against_an_answer() -> None:
    assert _check("sure_ending", "Perhaps the closest is B. BBBBB") < _check("sure_ending", "So BBBBB")
    assert _check("no_second_thoughts", "Wait, that was a mistake. BBBBB") < 0
    assert _check("one_answer", "The correct answer is (C).\nBBBBB") == 0.0


def test_any_text_can_be_checked() -> None:
    for text in ("", "\ud800", "(" * 5_000 + "1 + 1 = 3", "9" * 20_000 + " = 1"):
        assert np.isfinite(run_checks(ASKED, text)).all()


def test_what_holds_together_leads_among_those_who_say_the_same() -> None:
    sure = Draft("sure", "a", "A", 0.5, "30 m in 2 s make 15 m/s.\nThe answer is (B).\nBBBBB")
    unsure = Draft("unsure", "b", "B", 0.5, "Wait, a mistake; perhaps it seems close.\nThe answer is (B).")

    ranking = rank(Question(ASKED, "en"), [unsure, sure])

    assert [row.candidate for row in ranking.standings] == ["sure", "unsure"]
    assert score_checks(run_checks(ASKED, sure.text)) > score_checks(run_checks(ASKED, unsure.text))
