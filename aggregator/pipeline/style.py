"""The form of an answer in numbers: length, layout, scripts, endings; what a reader sees before reading."""

import math
import re

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.answers import find_stated
from aggregator.pipeline.gates import (
    asks_other_language,
    count_between,
    is_refusal,
    measure_scripts,
    read_codes,
    speaks_language,
)
from aggregator.pipeline.shapes import Question

Numbers = NDArray[np.float64]
FEATURES = (
    "length", "length_squared", "headers", "list_rows", "bold", "fences", "hangul", "foreign_scripts",
    "digits", "refusal", "unfinished", "distinct_words", "table_bars", "formulas", "prompt_words",
    "other_language",
    "paragraphs", "questions", "exclamations", "emoji", "states_answer", "hedges", "steps", "repeated_lines",
)  # fmt: skip
LENGTH = FEATURES.index("length")
_HEADER = re.compile(r"(?m)^#{1,6} ")
_LIST_ROW = re.compile(r"(?m)^\s*(?:[-*•]|\d+[.)])\s")
_FORMULA = re.compile(r"\$|\\\(|\\\[")
_HEDGES = (
    "however", "perhaps", "might", "may be", "likely", "approximately", "it seems", "not sure",
    "하지만", "아마", "수도 있", "것 같", "추정", "대략",
)  # fmt: skip
_STEPS = (
    "therefore", "thus", "hence", "because", "since", "let's", "first", "then",
    "따라서", "그러므로", "때문", "먼저", "그러면",
)  # fmt: skip
_WORD = re.compile(r"\w+")
_ENDINGS = set(".!?。…)`\"'*:|~」』]}>")
_READ_LIMIT = 12_000


def _count(pattern: re.Pattern[str], text: str) -> float:
    return math.log1p(sum(1 for _ in pattern.finditer(text)))


def _weigh_words(text: str, prompt: str) -> tuple[float, float, float, float]:
    """Return variety, words of the prompt that come again, hedges and steps."""
    lowered = text.lower()
    words = _WORD.findall(lowered)
    asked = set(_WORD.findall(prompt[:_READ_LIMIT].lower()))
    distinct = set(words)
    hedges = sum(lowered.count(mark) for mark in _HEDGES)
    steps = sum(lowered.count(mark) for mark in _STEPS)
    variety = len(distinct) / max(len(words), 1) ** 0.75
    return variety, len(asked & distinct) / max(len(asked), 1), math.log1p(hedges), math.log1p(steps)


def measure_style(question: Question, text: str) -> Numbers:
    """Return the form of a text in numbers, in the order of FEATURES."""
    text = text[:_READ_LIMIT]
    length = math.log1p(len(text))
    shares = measure_scripts(text)
    codes = read_codes(text)
    variety, overlap, hedges, steps = _weigh_words(text, question.prompt)
    lines = [line.strip() for line in text.splitlines() if len(line.strip()) > 8]
    strange = not asks_other_language(question.prompt) and not speaks_language(text, question.language)
    return np.array([
        length,
        length * length / 10,
        _count(_HEADER, text),
        _count(_LIST_ROW, text),
        math.log1p(text.count("**") // 2),
        math.log1p(text.count("```") // 2),
        shares.get("hangul", 0.0),
        shares.get("kana", 0.0) + shares.get("han", 0.0),
        count_between(codes, "0", "9") / max(len(text), 1),
        float(is_refusal(text)),
        float(text.rstrip()[-1:] not in _ENDINGS),
        variety,
        math.log1p(text.count("|") / 4),
        _count(_FORMULA, text),
        overlap,
        float(strange),
        math.log1p(text.count("\n\n")),
        math.log1p(text.count("?")),
        math.log1p(text.count("!")),
        math.log1p(count_between(codes, "\U0001f300", "\U0001faff")),
        float(bool(find_stated(text))),
        hedges,
        steps,
        1 - len(set(lines)) / max(len(lines), 1),
    ])  # fmt: skip
