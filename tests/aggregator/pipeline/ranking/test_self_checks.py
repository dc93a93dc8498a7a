"""An answer is checked against the prompt and against itself; nothing in it is executed."""

import numpy as np
import pytest

from aggregator.pipeline.ranking.rank import rank
from aggregator.pipeline.ranking.self_checks import CHECKS, count_wrong_calculations, run_checks, score_checks
from aggregator.pipeline.types import Draft, Question

OPTIONS = "(A) 12 m/s\n(B) 15 m/s\n(C) 18 m/s"
PROMPT = f"How fast is it?\n{OPTIONS}\nDuplicate that letter five times in a single string."


def _check(name: str, text: str, prompt: str = PROMPT) -> float:
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
def test_written_calculations_are_recalculated(text: str, wrong: int) -> None:
    assert count_wrong_calculations(text) == wrong


def test_the_requested_format_is_checked() -> None:
    assert _check("obeys_form", "It is 15. BBBBB") == 1.0
    assert _check("obeys_form", "It is 15.") == 0.0
    assert _check("obeys_form", "It is 15.", "How fast is it?") == 1.0
    assert _check("obeys_form", "정답: 15", "마지막 줄에 '정답: 값'으로 써 줘") == 1.0


def test_the_chosen_number_must_occur_in_the_working() -> None:
    assert _check("number_reached", "30 m in 2 s make 15 m/s.\nBBBBB") == 1.0
    assert _check("number_reached", "30 m in 2 s make 16 m/s, so:\n(B) 15 m/s\nBBBBB") == 0.0


def test_hedges_and_self_corrections_lower_the_score() -> None:
    assert _check("sure_ending", "Perhaps the closest is B. BBBBB") < _check("sure_ending", "So BBBBB")
    assert _check("no_second_thoughts", "Wait, that was a mistake. BBBBB") < 0
    assert _check("one_answer", "The correct answer is (C).\nBBBBB") == 0.0


def test_checks_are_finite_for_any_text() -> None:
    for text in ("", "\ud800", "(" * 5_000 + "1 + 1 = 3", "9" * 20_000 + " = 1"):
        assert np.isfinite(run_checks(PROMPT, text)).all()


def test_self_checks_decide_between_equal_answers() -> None:
    sure = Draft("sure", "a", "A", 0.5, "30 m in 2 s make 15 m/s.\nThe answer is (B).\nBBBBB")
    unsure = Draft("unsure", "b", "B", 0.5, "Wait, a mistake; perhaps it seems close.\nThe answer is (B).")

    ranking = rank(Question(PROMPT, "en"), [unsure, sure])

    assert [row.candidate for row in ranking.standings] == ["sure", "unsure"]
    assert score_checks(run_checks(PROMPT, sure.text)) > score_checks(run_checks(PROMPT, unsure.text))
