"""Style features of a response: length, layout, scripts, tone and endings, independent of its content."""

import math
import re
import zlib

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.agreement.stated_answer import find_stated_answer
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
from aggregator.pipeline.ranking.overlap import list_stems, tokenise_words
from aggregator.pipeline.types import Question

Numbers = NDArray[np.float64]
_HEADER = re.compile(r"(?m)^#{1,6} ")
_LIST_ROW = re.compile(r"(?m)^[^\S\n]*(?:[-*•]|\d+[.)])\s")
_FORMULA = re.compile(r"\$|\\\(|\\\[")
# What a prompt asks the layout to be, and how an answer shows it.
_STRUCTURES = (
    (re.compile(r"(?i)\btable\b|표로|표를|도표"), re.compile(r"\|")),
    (re.compile(r"(?i)\bcode\b|\bscript\b|\bpython\b|\bfunction\b|코드|함수|파이썬"), re.compile(r"```")),
    (re.compile(r"(?i)\blist\b|\bbullet|\bsteps\b|목록|나열|가지"), _LIST_ROW),
    (re.compile(r"(?i)\bjson\b"), re.compile(r"[{\[]")),
)
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
    """Return the variety of words, the share of the prompt's stems, and log counts of hedges and steps."""
    lowered = text.lower()
    words = tokenise_words(text)
    prompt_stems = list_stems(prompt)
    distinct = set(words)
    hedges = sum(lowered.count(mark) for mark in _HEDGES)
    steps = sum(lowered.count(mark) for mark in _STEPS)
    variety = len(distinct) / max(len(words), 1) ** 0.75
    return (
        variety,
        len(prompt_stems & list_stems(text)) / max(len(prompt_stems), 1),
        math.log1p(hedges),
        math.log1p(steps),
    )


def _count_all(text: str, *marks: str) -> float:
    return math.log1p(sum(text.count(mark) for mark in marks))


def _measure_rows(text: str) -> dict[str, float]:
    rows = [len(line) for line in text.splitlines() if line.strip()] or [0]
    ends = sum(text.count(mark) for mark in ".!?。")
    mean = sum(rows) / len(rows)
    return {
        "sentence_length": math.log1p(len(text) / max(ends + len(rows), 1)),
        "lines": math.log1p(len(rows)),
        # The coefficient of variation of the lengths of lines.
        "uneven_lines": math.sqrt(sum((row - mean) ** 2 for row in rows) / len(rows)) / max(mean, 1.0),
    }


def _measure_tone(text: str) -> dict[str, float]:
    lowered = text.lower()
    encoded = text[:_COMPRESSED_CHARS].encode("utf-8", "replace")
    words = lowered.split()
    return {
        "density": len(zlib.compress(encoded, 1)) / max(len(encoded), 1),
        "word_length": len(lowered) / max(len(words), 1),
        **_measure_rows(text),
        "opens_politely": float(any(opening in lowered[:_OPENING] for opening in _OPENINGS)),
        "offers_more": float(any(offer in lowered[-_CLOSING:] for offer in _CLOSING_OFFERS)),
        "brackets": _count_all(text, "("),
        "colons": _count_all(text, ":"),
        "quotes": _count_all(text, '"', "“"),
        "commas": _count_all(text, ","),
    }


def _measure_voice(text: str, codes: NDArray[np.uint32]) -> dict[str, float]:
    lowered = text.lower()
    is_digit = (codes >= ord("0")) & (codes <= ord("9"))
    return {
        "numbers": math.log1p(float((is_digit[1:] & ~is_digit[:-1]).sum())),
        "in_code": math.log1p(sum(len(block[0]) for block in CODE_BLOCK.finditer(text))),
        "examples": _count_all(lowered, "example", "예를 들", "예시"),
        "speaks_of_self": _count_all(lowered, " i ", "i'm"),
        "speaks_to_reader": _count_all(lowered, "you", "당신"),
        "ends_asking": float(text.rstrip().endswith("?")),
        "capitals": count_in_range(codes, "A", "Z") / max(len(text), 1),
        "links": _count_all(lowered, "http://", "https://"),
    }


def _measure_requested_structure(prompt: str, text: str) -> float:
    """Return the share of the requested structures that the text has; 1 when none is asked for."""
    requested = [shown for request, shown in _STRUCTURES if request.search(prompt)]
    return sum(bool(shown.search(text)) for shown in requested) / len(requested) if requested else 1.0


def measure_style(question: Question, text: str) -> dict[str, float]:
    """Return the style features of a text by name; their order is that of the fitted weights."""
    text = text[:MAX_READ_CHARS]
    length = math.log1p(len(text))
    shares = measure_scripts(text)
    codes = list_code_points(text)
    variety, overlap, hedges, steps = _measure_words(text, question.prompt)
    lines = [line.strip() for line in text.splitlines() if len(line.strip()) > 8]
    is_other_language = not asks_other_language(question.prompt) and not speaks_language(
        text, question.language
    )
    return {
        "length": length,
        "length_squared": length * length / 10,
        "headers": _count(_HEADER, text),
        "list_rows": _count(_LIST_ROW, text),
        "bold": math.log1p(text.count("**") // 2),
        "fences": math.log1p(text.count("```") // 2),
        "hangul": shares.get("hangul", 0.0),
        "foreign_scripts": shares.get("kana", 0.0) + shares.get("han", 0.0),
        "digits": count_in_range(codes, "0", "9") / max(len(text), 1),
        "refusal": float(is_refusal(text)),
        "unfinished": float(text.rstrip()[-1:] not in _ENDINGS),
        "distinct_words": variety,
        "table_bars": math.log1p(text.count("|") / 4),
        "formulas": _count(_FORMULA, text),
        "prompt_stems": overlap,
        "asked_structure": _measure_requested_structure(question.prompt, text),
        "other_language": float(is_other_language),
        "paragraphs": math.log1p(text.count("\n\n")),
        "questions": math.log1p(text.count("?")),
        "exclamations": math.log1p(text.count("!")),
        "emoji": math.log1p(count_in_range(codes, "\U0001f300", "\U0001faff")),
        "states_answer": float(bool(find_stated_answer(text))),
        "hedges": hedges,
        "steps": steps,
        "repeated_lines": 1 - len(set(lines)) / max(len(lines), 1),
        **_measure_tone(text),
        **_measure_voice(text, codes),
    }


def extract_style_features(question: Question, text: str) -> Numbers:
    """Return the style features of a text, shape (features,), in the order of FEATURES."""
    return np.array(list(measure_style(question, text).values()))


FEATURES = tuple(measure_style(Question("", "en"), ""))
LENGTH = FEATURES.index("length")
