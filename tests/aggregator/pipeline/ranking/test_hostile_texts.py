"""Texts written to make patterns backtrack are parsed in linear time."""

import time
from collections.abc import Callable

import pytest

from aggregator.pipeline.agreement.stated_answer import extract_answer
from aggregator.pipeline.answer_type import LITERAL, NUMBER, AnswerType, detect_answer_type
from aggregator.pipeline.ranking.self_checks import count_wrong_calculations, run_checks
from aggregator.pipeline.ranking.style_features import extract_style_features
from aggregator.pipeline.types import Question

CHARS = 20_000
# These texts once took more than ten seconds, and take milliseconds now.
MAX_SECONDS = 5.0


@pytest.mark.parametrize(
    "text",
    [
        "\n" * CHARS + "x",
        "1)" + " " * CHARS + "x",
        "A) one" + " x" * (CHARS // 2),
        "\n \n" * (CHARS // 3),
        "1,1" * (CHARS // 3),
        "1 " * (CHARS // 2),
        "`" * CHARS,
        "정답: 42" + " " * 1_590 + "x",
        "answer:\t1" + "\t" * 1_590 + "x",
    ],
    ids=range(9),
)
@pytest.mark.parametrize(
    "parse",
    [
        detect_answer_type,
        count_wrong_calculations,
        lambda text: run_checks(text, text),
        lambda text: extract_answer(text, AnswerType(NUMBER)),
        lambda text: extract_answer(text, AnswerType(LITERAL)),
        lambda text: extract_style_features(Question(text, language="ko"), text),
    ],
    ids=("answer_type", "sums", "checks", "number", "literal", "style"),
)
def test_a_hostile_text_is_parsed_at_once(parse: Callable[[str], object], text: str) -> None:
    started = time.thread_time()
    parse(text)
    assert time.thread_time() - started < MAX_SECONDS


def test_options_with_odd_blanks_are_found() -> None:
    prompt = "다음 중 옳은 것은?\n\n  1) 하나 \n 2)  둘 셋\t\n\n3)\n   넷"
    assert detect_answer_type(prompt) == AnswerType("option", ("하나", "둘 셋", "넷"))
