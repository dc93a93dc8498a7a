"""Short answers in Korean and English are extracted in one canonical form."""

from fractions import Fraction

import pytest

from aggregator.pipeline.agreement.number_parsing import parse_number
from aggregator.pipeline.agreement.stated_answer import ShortAnswer, extract_answer
from aggregator.pipeline.answer_type import detect_answer_type

KOREAN_OPTIONS = "다음 중 옳은 것은?\n① 세종대왕\n② 이순신\n③ 장영실\n④ 허준"
NUMBERED = "다음 중 수도를 고르시오.\n1. 부산\n2. 서울\n3. 대구"
LETTERED = "Which of the following barks?\n(A) cat\n(B) dog\n(C) fish"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,200원", Fraction(1200)),
        ("3.2만", Fraction(32_000)),
        ("약 3만 5천 명", Fraction(35_000)),
        ("1억 2천", Fraction(120_000_000)),
        ("1억 2천만 원", Fraction(120_000_000)),
        ("-\\frac{3}{4}", Fraction(-3, 4)),
        ("1/3", Fraction(1, 3)),
        ("2 \\times 10^{5}", Fraction(200_000)),
        ("1.5e3", Fraction(1500)),
        ("$70,000", Fraction(70_000)),
        ("12 cm", Fraction(12)),
        ("50%", Fraction(50)),
    ],
)
def test_numbers_are_parsed_in_every_notation(text: str, value: Fraction) -> None:
    assert parse_number(text) == value


@pytest.mark.parametrize("text", ["서울", "구조", "오이", "일본", "", "1e999999", "x + 1", "1/0"])
def test_words_and_malformed_numbers_are_not_numbers(text: str) -> None:
    assert parse_number(text) is None


def test_spelled_numbers_are_parsed_where_a_number_is_expected() -> None:
    assert parse_number("사십이", spelled=True) == 42
    assert parse_number("삼만 이천", spelled=True) == 32_000


@pytest.mark.parametrize(
    ("prompt", "text", "kind", "key"),
    [
        (KOREAN_OPTIONS, "설명은 이렇습니다.\n정답: ③", "option", "C"),
        (KOREAN_OPTIONS, "정답은 ②번입니다.", "option", "B"),
        (KOREAN_OPTIONS, "정답: 장영실", "option", "C"),
        (NUMBERED, "2번", "option", "B"),
        (NUMBERED, "정답은 2번입니다.", "option", "B"),
        (LETTERED, "I think the best is **B) dog**", "option", "B"),
        (LETTERED, "The answer is (C).", "option", "C"),
        ("17 × 23은 얼마야?", "17 × 23 = **391**입니다.", "number", "391"),
        ("17 × 23은 얼마야?", "계산하면 391이에요.", "number", "391"),
        ("연봉은 얼마야?", "약 1억 2천만 원입니다.", "number", "120000000"),
        ("What is the value of x?", "so \\boxed{\\frac{1}{2}}", "number", "0.5"),
        ("What is the value of x?", 'Done. {"answer": "0.50"}', "number", "0.5"),
        ("예/아니오로 답해줘. 지구는 둥글어?", "네, 둥글어요.", "truth", "T"),
        ("True or false: 2 > 3", "False. Two is less.", "truth", "F"),
        ("광복은 언제?", "1945년 8월 15일입니다.", "date", "1945-08-15"),
        ("When was Korea liberated?", "It was August 15, 1945.", "date", "1945-08-15"),
        ("assert f([1]) == ??", "```python\n[1,  2]\n```", "literal", "[1, 2]"),
    ],
)
def test_an_answer_is_extracted_in_canonical_form(prompt: str, text: str, kind: str, key: str) -> None:
    assert extract_answer(text, detect_answer_type(prompt)) == ShortAnswer(kind, key)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("Answer: 'Oe-Bz'", "Answer: 'oe-bz'", False),
        ("Answer: 'iq!!!'", "Answer: 'iq!!!!'", False),
        ("Answer: '   '", "Answer: '    '", False),
        ('Answer: "hello"', "**Answer:** `'hello'`", True),
        ("Answer: '1'", "Answer: 1", False),
        ("Answer: {'a': 1, 'b': [2]}", "The answer is {'b': [2], 'a': 1}.", True),
        ("Answer: [1,2]", "Answer: (1, 2)", False),
    ],
)
def test_values_of_code_are_compared_to_the_letter(one: str, other: str, *, is_same: bool) -> None:
    answer_type = detect_answer_type("assert f([1]) == ??")
    first, second = extract_answer(one, answer_type), extract_answer(other, answer_type)

    assert first
    assert second
    assert (first == second) is is_same


def test_a_request_for_free_text_has_no_answer_type() -> None:
    assert detect_answer_type("부산 여행 코스를 추천해줘") is None
    assert (
        extract_answer("해운대에서 시작해 감천문화마을을 걷고 자갈치시장에서 저녁을 드세요. 좋습니다.", None)
        is None
    )


def test_a_numbered_list_of_tasks_is_not_multiple_choice() -> None:
    answer_type = detect_answer_type("아래를 해줘.\n1. 글을 요약\n2. 제목 달기")
    assert answer_type is None or answer_type.kind != "option"


def test_latex_notations_of_one_value_are_one_answer() -> None:
    answer_type = detect_answer_type("What is the value of x?")
    spellings = ["\\boxed{2\\sqrt{3}}", "\\boxed{2\\sqrt{3} }", "The answer is $2\\sqrt{3}$"]
    assert len({extract_answer(text, answer_type) for text in spellings}) == 1
