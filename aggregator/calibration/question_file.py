"""Reads labelled questions from a CSV file: columns question and answer, and if wanted topic and kind.

QuestionFileError
└── its text says what is wrong, and on which line
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from aggregator.domain.sanitize import sanitize_text
from aggregator.pipeline.answer_type import LETTERS, OPTION, detect_answer_type, parse_option_letter
from aggregator.services.calibration_runs import NewQuestion
from language.detect import detect_language

MAX_BYTES, MAX_ROWS = 5_000_000, 5_000
MAX_QUESTION_CHARS, MAX_ANSWER_CHARS, MAX_TASK_CHARS = 8_000, 500, 80
HELD_OUT_SHARE = 0.4
SMALL_SET = Path(__file__).with_name("questions.csv")
# Questions without one right answer, for fused answers.
OPEN_SET = Path(__file__).with_name("open_questions.csv")
_COLUMNS = ("question", "answer")
_OPTIONAL = ("topic", "kind")
# What Korean spreadsheets call them.
_SYNONYMS = {
    "질문": "question",
    "문제": "question",
    "정답": "answer",
    "답": "answer",
    "주제": "topic",
    "종류": "kind",
}
_ENCODINGS = ("utf-8-sig", "cp949")
_DELIMITERS = ",;\t"
_ANSWER_MARKS = {"ko": "정답", "en": "Answer"}
_TEXTS = {
    "too_big": _("파일이 5MB보다 커요. 나눠서 올려 주세요."),
    "not_text": _("CSV 파일로 읽을 수 없어요. UTF-8 CSV로 저장해서 다시 올려 주세요."),
    "no_columns": _("첫 줄에 question과 answer 열이 있어야 해요. 지금 첫 줄: %(found)s"),
    "twice": _("첫 줄에 %(name)s 열이 두 번 있어요."),
    "no_question": _("%(line)d번째 줄에 질문이 없어요."),
    "no_answer": _("%(line)d번째 줄에 정답이 없어요."),
    "long_question": _("%(line)d번째 줄의 질문이 8,000자보다 길어요."),
    "long_answer": _("%(line)d번째 줄의 정답이 500자보다 길어요. 짧은 정답만 비교할 수 있어요."),
    "no_such_option": _("%(line)d번째 줄의 정답 %(found)s이(가) 보기에 없어요."),
    "broken_row": _("%(line)d번째 줄을 읽을 수 없어요. 따옴표나 쉼표를 확인해 주세요."),
    "too_many": _("문제가 5,000개보다 많아요. 나눠서 올려 주세요."),
    "nothing": _("파일에 문제가 없어요."),
}


class QuestionFileError(ValueError):
    """A file of questions cannot be used; its text is in the language that is active when it is shown."""

    def __init__(self, code: str, **details: object) -> None:
        super().__init__(code)
        self.code, self.details = code, details

    def __str__(self) -> str:
        return str(_TEXTS[self.code]) % self.details


def is_held_out(prompt: str) -> bool:
    """Return whether weights are judged on a question; the same in every run, so that no fit has seen it."""
    return sha256(prompt.encode()).digest()[0] < HELD_OUT_SHARE * 256


def make_question(prompt: str, answer: str, task: str = "") -> NewQuestion:
    """Return a question as a run asks it, with its answer as a model would end its own."""
    language = "en" if detect_language(prompt) == "en" else "ko"
    gold = f"{_ANSWER_MARKS[language]}: {answer}" if answer else ""
    return NewQuestion(prompt, gold, language, task, is_held_out(prompt))


def shuffle_questions(questions: Sequence[NewQuestion]) -> list[NewQuestion]:
    """Return questions in an order that mixes their sources and is the same every time."""
    return sorted(questions, key=lambda row: sha256(f"order {row.prompt}".encode()).digest())


def find_shipped_set(*, needs_answers: bool = True) -> Path:
    """Return the file of questions that ships with the code."""
    return SMALL_SET if needs_answers else OPEN_SET


def read_question_file(content: bytes, *, needs_answers: bool = True) -> list[NewQuestion]:
    """Return the questions of a CSV file, each once; raises QuestionFileError."""
    if len(content) > MAX_BYTES:
        raise QuestionFileError("too_big")
    text = _decode(content)
    found: dict[str, NewQuestion] = {}
    for line, row in _read_rows(text, needs_answers=needs_answers):
        question = _read_question(line, row, needs_answers=needs_answers)
        found.setdefault(question.prompt, question)
        if len(found) > MAX_ROWS:
            raise QuestionFileError("too_many")
    if not found:
        raise QuestionFileError("nothing")
    return list(found.values())


def _decode(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        # As spreadsheets save "Unicode text".
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = _ENCODINGS
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        return text
    raise QuestionFileError("not_text")


def _read_rows(text: str, *, needs_answers: bool) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield each row with its line and its known columns."""
    header, _, _ = text.lstrip("\r\n").partition("\n")
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: list[str] = []
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            raise QuestionFileError("broken_row", line=reader.line_num) from None
        if cells is None:
            break
        if not any(cell.strip() for cell in cells):
            continue
        if not columns:
            columns = _read_columns(cells, needs_answers=needs_answers)
        elif len(cells) > len(columns):
            # A comma without quotes would shift every column after it.
            raise QuestionFileError("broken_row", line=reader.line_num)
        else:
            yield reader.line_num, dict(zip(columns, cells, strict=False))
    if not columns:
        raise QuestionFileError("nothing")


def _read_columns(cells: Sequence[str], *, needs_answers: bool) -> list[str]:
    names = [cell.strip().lower() for cell in cells]
    columns = [_SYNONYMS.get(name, name) for name in names]
    if not set(_COLUMNS if needs_answers else _COLUMNS[:1]) <= set(columns):
        raise QuestionFileError("no_columns", found=", ".join(names)[:120])
    for name in (*_COLUMNS, *_OPTIONAL):
        if columns.count(name) > 1:
            raise QuestionFileError("twice", name=name)
    return columns


def _read_question(line: int, row: Mapping[str, str], *, needs_answers: bool) -> NewQuestion:
    prompt, answer = (sanitize_text(row.get(name, "")).strip() for name in _COLUMNS)
    if not prompt:
        raise QuestionFileError("no_question", line=line)
    if needs_answers and not answer:
        raise QuestionFileError("no_answer", line=line)
    if len(prompt) > MAX_QUESTION_CHARS:
        raise QuestionFileError("long_question", line=line)
    if len(answer) > MAX_ANSWER_CHARS:
        raise QuestionFileError("long_answer", line=line)
    task = next((row[name].strip() for name in _OPTIONAL if row.get(name, "").strip()), "")
    return make_question(prompt, _name_option(line, prompt, answer), sanitize_text(task)[:MAX_TASK_CHARS])


def _name_option(line: int, prompt: str, answer: str) -> str:
    """Return the letter of an option that is named by its letter, number or text; else the answer."""
    answer_type = detect_answer_type(prompt)
    if not answer or answer_type is None or answer_type.kind != OPTION:
        return answer
    if answer in answer_type.options:
        return LETTERS[answer_type.options.index(answer)]
    letter = parse_option_letter(answer.strip("().").upper() or "?")
    if letter not in LETTERS[: len(answer_type.options)] or len(letter) != 1:
        raise QuestionFileError("no_such_option", line=line, found=answer[:40])
    return letter
