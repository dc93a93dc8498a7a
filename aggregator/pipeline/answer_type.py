"""Detects the kind of short answer that a prompt asks for: option, number, truth value, date or literal."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

OPTION, NUMBER, TRUTH, DATE, LITERAL, PHRASE = "option", "number", "truth", "date", "literal", "phrase"
LETTERS = "ABCDEFGHIJ"
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩"

# Blanks are matched without backtracking: a prompt of newlines took 15 seconds.
_OPTION_LINE = re.compile(
    r"(?m)^[^\S\n]*(?:[(（]?([A-Ja-j]|\d{1,2})\s*[)）.．:]|([①-⑩]))\s*(\S(?:.*\S)?)[^\S\n]*$"
)
_INLINE_OPTION = re.compile(r"(?:\(([A-Ja-j])\)|([①-⑩]))\s*([^(①-⑩\n]{1,80})")
_CHOOSE = re.compile(
    r"고르|고른|보기|다음 중|객관식|선택지|옳은|틀린|알맞은|적절한|정답"
    r"|which of|choose|select|option|multiple.choice",
    re.I,
)
_ASKS_NUMBER = re.compile(
    r"몇\s?(?!년|월|일|가지 방법)\S|얼마|계산해|계산하"
    r"|의 값|값은|값을 구|합은|구하시오|구하세요|구해"
    r"|how (?:many|much|far|old|tall|long)\b|calculate|compute|evaluate"
    r"|what is the (?:value|sum|product|total|area|probability)"
    r"|^[\s\d+\-*/×÷^().,=?]{3,}$",
    re.I,
)
_ASKS_TRUTH = re.compile(
    r"예\s?/\s?아니|예 또는 아니|참(?:인지|/|\s?또는)\s*거짓|맞으면|[oO]\s?/\s?[xX]"
    r"|true or false|true/false|yes or no|yes/no",
    re.I,
)
_ASKS_DATE = re.compile(
    r"언제|몇\s?년|몇\s?월|며칠|날짜|what (?:date|year|day)|(?:in )?which year|when (?:was|did|is|were)\b",
    re.I,
)
_ASKS_LITERAL = re.compile(r"==\s*\?\?|output of (?:the|this)|출력(?:은|값|결과)|실행 결과|반환값", re.I)


@dataclass(frozen=True, slots=True)
class AnswerType:
    """The kind of short answer, and the options that the prompt lists."""

    kind: str
    options: tuple[str, ...] = ()


def parse_option_letter(mark: str) -> str:
    """Return the letter of an option's mark: A, ① and 1 are A; empty for other marks."""
    if mark in _CIRCLED:
        return LETTERS[_CIRCLED.index(mark)]
    if mark.isdigit():
        return LETTERS[int(mark) - 1] if 1 <= int(mark) <= len(LETTERS) else ""
    return mark.upper()


def _collect_in_order(found: Iterable[tuple[str, str, str]]) -> tuple[str, ...]:
    options: list[str] = []
    for plain, circled, text in found:
        letter = parse_option_letter(plain or circled)
        if letter and letter == LETTERS[len(options)]:
            options.append(text.strip())
        elif letter == "A":
            options = [text.strip()]
        if len(options) == len(LETTERS):
            break
    return tuple(options) if len(options) >= 2 else ()


def _find_options(prompt: str) -> tuple[str, ...]:
    lines = _OPTION_LINE.findall(prompt)
    options = _collect_in_order(lines)
    numbered = any(plain.isdigit() for plain, _, _ in lines)
    if options and (not numbered or _CHOOSE.search(prompt)):
        return options
    return _collect_in_order(_INLINE_OPTION.findall(prompt))


def detect_answer_type(prompt: str) -> AnswerType | None:
    """Return the kind of short answer that a prompt asks for, or None for free text."""
    options = _find_options(prompt)
    if options:
        return AnswerType(OPTION, options)
    excerpt = prompt if len(prompt) <= 1_500 else prompt[:300] + prompt[-1_200:]
    for pattern, kind in (
        (_ASKS_LITERAL, LITERAL),
        (_ASKS_TRUTH, TRUTH),
        (_ASKS_DATE, DATE),
        (_ASKS_NUMBER, NUMBER),
    ):
        if pattern.search(excerpt):
            return AnswerType(kind)
    return None
