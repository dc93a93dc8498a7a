"""The scripts of a prompt decide its language."""

import pytest

from language.detect import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("한국의 수도는 어디인가요?", "ko"),
        ("ㅋㅋㅋ", "ko"),
        ("What is the capital of France?", "en"),
        ("日本の首都はどこですか", "ja"),
        ("法国的首都是哪里", "zh"),
        ("Какая столица Франции?", "other"),
        ("12 + 34 = ?", "other"),
        ("", "other"),
    ],
)
def test_the_language_follows_the_script(text: str, language: str) -> None:
    assert detect_language(text) == language


def test_korean_around_english_code_is_korean() -> None:
    code = "def mean(values):\n    return sum(values) / len(values)\n" * 3
    assert detect_language(f"{code}이 함수 왜 0으로 나누기 오류가 나요?") == "ko"


def test_one_stray_hangul_letter_does_not_make_an_english_essay_korean() -> None:
    assert detect_language("The quick brown fox jumps over the lazy dog. " * 5 + "가") == "en"
