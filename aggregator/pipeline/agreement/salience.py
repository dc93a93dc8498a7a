"""Weighs how likely a mention (a number, a date, a word) is the answer, by where and how it is mentioned."""

import json
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from operator import mul
from pathlib import Path

from aggregator.pipeline.agreement.segments import SEGMENT_CUES, Segment

WEIGHTS = Path(__file__).with_name("salience.json")
VALUE, MOMENT, WORD = "value", "moment", "word"
PLACE_CUES = (
    "bold", "predicate", "after_equals", "rejected", "bracketed", "compared", "before_contrast",
    "after_contrast", "first_in_segment", "last_in_segment", "only_in_segment", "echo", "after_topic",
    "opens_segment", "past",
)  # fmt: skip
VALUE_CUES = (
    "operand", "operand_before",
    "wanted_unit", "asked_dimension", "other_dimension", "has_unit", "approximate",
    "counter_asked", "is_range",
)  # fmt: skip
MOMENT_CUES = ("fields_fit", "field_count", "operand")
WORD_CUES = ("known", "capital", "hangul_predicate", "short_segment", "long_word", "digit_near", "latin")
CUES = {
    VALUE: (*SEGMENT_CUES, *PLACE_CUES, *VALUE_CUES),
    MOMENT: (*SEGMENT_CUES, *PLACE_CUES, *MOMENT_CUES),
    WORD: (*SEGMENT_CUES, *PLACE_CUES, *WORD_CUES),
}

_EQUALS = re.compile(
    r"(?:=|→|≈|:|＝|\bis|\bare|\bwas|\bmakes|\bgives|\bget|은|는|이|가|면|니까|므로)\s*"
    r"(?:약|대략|about|around|roughly|approximately|just|exactly|총|만)?\s*[₩$€£¥]?",
    re.I,
)
_TOPIC = re.compile(
    r"(?:은|는|이란|이라면|\bis|\bwas|\bare|\bby|\bcalled|\bit's|\bthat's|:)\s+(?:the\s|a\s|an\s)?", re.I
)
_PREDICATE = re.compile(
    r"\s*(?:\([^)]{0,40}\)\s*)?(?:정도|쯤|가량|씩)?\s*(?:입니다|이에요|예요|이야|야|이다|임|이죠|이네요|입니당|이었|였|이요"
    r"|요(?![가-힣])|됩니다|돼요|걸려|걸립|나와|나옵|남|들어|이 (?:돼|됩|나|정답|맞)|가 (?:돼|됩|나|정답|맞)"
    r"|로 (?:보"
    r"|하)"
    r"|$"
    r"|[.!])"
)
_COMPARED_BEFORE = re.compile(r"보다\s*|\bthan\s+|예를 들\S*\s*|for example,?\s*|e\.g\.,?\s*", re.I)
_PAST = re.compile(
    r"예전|과거|원래|이전에|옛날|전에는|그 전|\b(?:used to|formerly|previously|originally|before"
    r"|was once|old)\b",
    re.I,
)
_CONTRAST = re.compile(
    r"지만|는데|은데|인데|으나|\bbut\b|\bhowever\b|\bthough\b|\balthough\b|다만|반면", re.I
)
_OPERAND_AFTER = re.compile(
    r"^\s*(?:[+×x*/÷=%^]\s*[\d(]|-\s\d|에서|에다|에 |곱하|나누|더하|빼|씩|을 곱|를 곱|을 더|를 더|을 빼|를 빼"
    r"|로 나"
    r"|으로 나"
    r"|=)",
    re.I,
)
_OPERAND_BEFORE = re.compile(r"[+×x*/÷^]\s*\(?$|\d\s-\s$")


Cues = tuple[tuple[float, ...], tuple[float, ...]]


@cache
def load_weights() -> dict[str, tuple[tuple[float, ...], tuple[float, ...]]]:
    """Return the weights of the cues of each type of mention: those of the segment, and the others."""
    document = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    split = len(SEGMENT_CUES)
    weights = {name: tuple(document[name].get(cue, 0.0) for cue in cues) for name, cues in CUES.items()}
    return {name: (row[:split], row[split:]) for name, row in weights.items()}


def _dot(weights: Sequence[float], cues: Sequence[float]) -> float:
    return sum(map(mul, weights, cues), 0.0)


@lru_cache(maxsize=2048)
def _list_starts(pattern: re.Pattern[str], text: str) -> tuple[int, ...]:
    return tuple(found.start() for found in pattern.finditer(text))


@lru_cache(maxsize=4096)
def _list_ends(pattern: re.Pattern[str], text: str) -> frozenset[int]:
    return frozenset(found.end() for found in pattern.finditer(text))


class PlaceReader:
    """Measures and weighs the mentions in one segment."""

    def __init__(self, segment: Segment) -> None:
        self.segment = segment
        self._contrasts = _list_starts(_CONTRAST, segment.text)
        self._equals = _list_ends(_EQUALS, segment.text)
        self._topics = _list_ends(_TOPIC, segment.text)
        self._compared = _list_ends(_COMPARED_BEFORE, segment.text)
        self._past = _list_ends(_PAST, segment.text)
        self._brackets = _find_brackets(segment.text) if "(" in segment.text else []
        self._bases: dict[str, float] = {}

    def measure(self, start: int, end: int, order: tuple[int, int], *, is_echo: bool) -> list[float]:
        """Return the PLACE_CUES of a mention; `order` is its index in the segment, and their count."""
        segment, text = self.segment, self.segment.text
        index, count = order
        return [
            float(bool(segment.bold) and segment.is_bold(start, end)),
            float(bool(_PREDICATE.match(text, end))),
            float(start in self._equals),
            float(bool(segment.rejected) and segment.is_rejected(start, end)),
            float(bool(self._brackets) and any(a < start and end <= b for a, b in self._brackets)),
            float(start in self._compared or text.startswith("보다", end)),
            float(bool(self._contrasts) and self._contrasts[-1] >= end),
            float(bool(self._contrasts) and self._contrasts[0] < start),
            float(index == 0),
            float(index == count - 1),
            float(count == 1),
            float(is_echo),
            float(start in self._topics),
            float(start <= 2),
            float(bool(self._past) and any(start - 30 <= at <= start for at in self._past)),
        ]

    def weigh(self, kind: str, cues: Sequence[float]) -> float:
        """Return the salience of a mention: a log-odds up to a constant."""
        base, own = load_weights()[kind]
        if kind not in self._bases:
            self._bases[kind] = _dot(base, self.segment.cues)
        return self._bases[kind] + _dot(own, cues)


def _find_brackets(text: str) -> list[tuple[int, int]]:
    opened, found = -1, list[tuple[int, int]]()
    for at, sign in enumerate(text):
        if sign == "(":
            opened = at
        elif sign == ")" and opened >= 0:
            found.append((opened, at))
            opened = -1
    return found


def is_operand(segment: Segment, start: int, end: int) -> tuple[float, float]:
    """Return whether an operator follows a number, and whether one stands before it."""
    after, before = segment.text[end : end + 12], segment.text[max(0, start - 6) : start]
    return float(bool(_OPERAND_AFTER.match(after))), float(bool(_OPERAND_BEFORE.search(before)))
