"""Style features of a response: length, layout, scripts, tone and endings, independent of its content."""

import math
import re
import zlib

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.ranking.answer_extraction import find_stated_answer
from aggregator.pipeline.ranking.format_checks import (
    CODE_BLOCK,
    MAX_READ_CHARS,
    asks_other_language,
    count_in_range,
    is_refusal,
    list_code_points,
    measure_scripts,
    speaks_language,
)
from aggregator.pipeline.ranking.overlap import tokenise_words
from aggregator.pipeline.types import Question

Numbers = NDArray[np.float64]
FEATURES = (
    "length", "length_squared", "headers", "list_rows", "bold", "fences", "hangul", "foreign_scripts",
    "digits", "refusal", "unfinished", "distinct_words", "table_bars", "formulas", "prompt_words",
    "other_language",
    "paragraphs", "questions", "exclamations", "emoji", "states_answer", "hedges", "steps", "repeated_lines",
    "density", "word_length", "sentence_length", "lines", "uneven_lines", "opens_politely", "offers_more",
    "brackets", "colons", "quotes", "commas", "numbers", "in_code", "examples", "speaks_of_self",
    "speaks_to_reader", "ends_asking", "capitals", "links",
)  # fmt: skip
LENGTH = FEATURES.index("length")
_HEADER = re.compile(r"(?m)^#{1,6} ")
_LIST_ROW = re.compile(r"(?m)^[^\S\n]*(?:[-*•]|\d+[.)])\s")
_FORMULA = re.compile(r"\$|\\\(|\\\[")
_HEDGES = (
    "however", "perhaps", "might", "may be", "likely", "approximately", "it seems", "not sure",
    "하지만", "아마", "수도 있", "것 같", "추정", "대략",
)  # fmt: skip
_STEPS = (
    "therefore", "thus", "hence", "because", "since", "let's", "first", "then",
    "따라서", "그러므로", "때문", "먼저", "그러면",
)  # fmt: skip
_OPENINGS = (
    "sure", "certainly", "of course", "absolutely", "great question", "here", "물론", "네,", "안녕하세요",
    "좋은 질문", "다음은",
)  # fmt: skip
_CLOSING_OFFERS = (
    "let me know", "feel free", "hope this", "if you have", "would you like", "궁금", "말씀해", "도움이 되",
    "추가로", "필요하시면",
)  # fmt: skip
_ENDINGS = set(".!?。…)`\"'*:|~」』]}>")
_OPENING, _CLOSING = 40, 250
_COMPRESSED_CHARS = 1_000


def _count(pattern: re.Pattern[str], text: str) -> float:
    return math.log1p(sum(1 for _ in pattern.finditer(text)))


def _measure_words(text: str, prompt: str) -> tuple[float, float, float, float]:
    """Return the variety of words, the share of the prompt's words, and log counts of hedges and steps."""
    lowered = text.lower()
    words = tokenise_words(text)
    prompt_words = set(tokenise_words(prompt))
    distinct = set(words)
    hedges = sum(lowered.count(mark) for mark in _HEDGES)
    steps = sum(lowered.count(mark) for mark in _STEPS)
    variety = len(distinct) / max(len(words), 1) ** 0.75
    return (
        variety,
        len(prompt_words & distinct) / max(len(prompt_words), 1),
        math.log1p(hedges),
        math.log1p(steps),
    )


def _count_all(text: str, *marks: str) -> float:
    return math.log1p(sum(text.count(mark) for mark in marks))


def _measure_rows(text: str) -> tuple[float, float, float]:
    """Return log sentence length, log number of lines, and the coefficient of variation of line lengths."""
    rows = [len(line) for line in text.splitlines() if line.strip()] or [0]
    ends = sum(text.count(mark) for mark in ".!?。")
    mean = sum(rows) / len(rows)
    uneven = math.sqrt(sum((row - mean) ** 2 for row in rows) / len(rows)) / max(mean, 1.0)
    return math.log1p(len(text) / max(ends + len(rows), 1)), math.log1p(len(rows)), uneven


def _measure_tone(text: str) -> list[float]:
    """Return compressibility, word and line lengths, opening and closing phrases, and counts of marks."""
    lowered = text.lower()
    encoded = text[:_COMPRESSED_CHARS].encode("utf-8", "replace")
    words = lowered.split()
    return [
        len(zlib.compress(encoded, 1)) / max(len(encoded), 1),
        len(lowered) / max(len(words), 1),
        *_measure_rows(text),
        float(any(opening in lowered[:_OPENING] for opening in _OPENINGS)),
        float(any(offer in lowered[-_CLOSING:] for offer in _CLOSING_OFFERS)),
        _count_all(text, "("),
        _count_all(text, ":"),
        _count_all(text, '"', "“"),
        _count_all(text, ","),
    ]


def _measure_voice(text: str, codes: NDArray[np.uint32]) -> list[float]:
    lowered = text.lower()
    is_digit = (codes >= ord("0")) & (codes <= ord("9"))
    return [
        math.log1p(float((is_digit[1:] & ~is_digit[:-1]).sum())),
        math.log1p(sum(len(block[0]) for block in CODE_BLOCK.finditer(text))),
        _count_all(lowered, "example", "예를 들", "예시"),
        _count_all(lowered, " i ", "i'm"),
        _count_all(lowered, "you", "당신"),
        float(text.rstrip().endswith("?")),
        count_in_range(codes, "A", "Z") / max(len(text), 1),
        _count_all(lowered, "http://", "https://"),
    ]


def extract_style_features(question: Question, text: str) -> Numbers:
    """Return the style features of a text, shape (features,), in the order of FEATURES."""
    text = text[:MAX_READ_CHARS]
    length = math.log1p(len(text))
    shares = measure_scripts(text)
    codes = list_code_points(text)
    variety, overlap, hedges, steps = _measure_words(text, question.prompt)
    lines = [line.strip() for line in text.splitlines() if len(line.strip()) > 8]
    is_other_language = not asks_other_language(question.prompt) and not speaks_language(
        text, question.language
    )
    return np.array([
        length,
        length * length / 10,
        _count(_HEADER, text),
        _count(_LIST_ROW, text),
        math.log1p(text.count("**") // 2),
        math.log1p(text.count("```") // 2),
        shares.get("hangul", 0.0),
        shares.get("kana", 0.0) + shares.get("han", 0.0),
        count_in_range(codes, "0", "9") / max(len(text), 1),
        float(is_refusal(text)),
        float(text.rstrip()[-1:] not in _ENDINGS),
        variety,
        math.log1p(text.count("|") / 4),
        _count(_FORMULA, text),
        overlap,
        float(is_other_language),
        math.log1p(text.count("\n\n")),
        math.log1p(text.count("?")),
        math.log1p(text.count("!")),
        math.log1p(count_in_range(codes, "\U0001f300", "\U0001faff")),
        float(bool(find_stated_answer(text))),
        hedges,
        steps,
        1 - len(set(lines)) / max(len(lines), 1),
        *_measure_tone(text),
        *_measure_voice(text, codes),
    ])  # fmt: skip
