"""Labelled questions are read from CSV files of any spreadsheet; a broken one is refused in clear words."""

import pytest
from django.utils import translation

from aggregator.calibration.question_file import (
    QuestionFileError,
    find_shipped_set,
    is_held_out,
    read_question_file,
)

OPTIONS = "다음 중 소수를 고르세요.\nA. 8\nB. 9\nC. 7\nD. 6"


@pytest.mark.parametrize(
    "content",
    [
        "question,answer,topic\n한국의 수도는?,서울,facts\n".encode(),
        "질문,정답,주제\r\n한국의 수도는?,서울,facts\r\n".encode("cp949"),
        "\ufeffquestion;answer;kind\n한국의 수도는?;서울;facts\n".encode(),
        "Topic\tAnswer\tQuestion\nfacts\t서울\t한국의 수도는?\n".encode("utf-16"),
        '\n"question","answer","topic"\n"한국의 수도는?","서울","facts"\n\n"한국의 수도는?",부산,\n'.encode(),
    ],
)
def test_files_of_different_spreadsheets_say_the_same(content: bytes) -> None:
    (question,) = read_question_file(content)

    assert (question.prompt, question.gold, question.language, question.task) == (
        "한국의 수도는?", "정답: 서울", "ko", "facts",
    )  # fmt: skip


@pytest.mark.parametrize("answer", ["C", "c", "(3)", "③", "7"])
def test_an_option_is_named_by_its_letter_its_number_or_its_text(answer: str) -> None:
    (question,) = read_question_file(f'question,answer\n"{OPTIONS}",{answer}\n'.encode())

    assert question.gold == "정답: C"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no questions"),
        (b"question,answer\n", "no questions"),
        (b"prompt,gold\na,b\n", "question and answer"),
        (b"question,answer,answer\na,b,c\n", "answer twice"),
        (b"question,answer\n,b\n", "line 2"),
        (b"question,answer\na,b\nc,\n", "line 3"),
        (b'question,answer\na,"b\n', "line 2"),
        (b"question,answer\nHow far, in km?,5\n", "line 2"),
        (b"question,answer\n" + b"a" * 8_001 + b",b\n", "8,000"),
        (b"question,answer\na," + b"b" * 501 + b"\n", "500"),
        (f'question,answer\n"{OPTIONS}",F\n'.encode(), "options"),
        (b"PK\x03\x04\x00\x00\x08\x00\xff\xff", "CSV"),
        (b"question,answer\na\x00b,c\n", "CSV"),
        (b"x" * 5_000_001, "5 MB"),
        (b"question,answer\n" + b"".join(b"q%d,1\n" % row for row in range(5_001)), "5,000"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(content: bytes, words: str) -> None:
    with translation.override("en"), pytest.raises(QuestionFileError) as raised:
        read_question_file(content)

    with translation.override("en"):
        assert words in str(raised.value).replace("Line", "line")


def test_the_shipped_questions_are_enough_to_fit_and_to_judge() -> None:
    questions = read_question_file(find_shipped_set().read_bytes())

    assert {row.language for row in questions} == {"ko", "en"}
    assert sum(row.is_held_out for row in questions) >= 40
    assert sum(not row.is_held_out for row in questions) >= 80


def test_a_question_is_held_out_in_every_run_or_in_none() -> None:
    share = sum(is_held_out(f"question {row}") for row in range(1_000)) / 1_000

    assert is_held_out("한국의 수도는?") is is_held_out("한국의 수도는?")
    assert 0.35 < share < 0.45
