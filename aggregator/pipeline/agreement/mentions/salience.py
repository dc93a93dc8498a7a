"""Weighs how likely a mention (a number, a date, a word) is the answer, by where and how it is mentioned."""

import json
import re
from collections.abc import Sequence
from functools import cache
from operator import mul
from pathlib import Path

from aggregator.pipeline.agreement.segments import SEGMENT_CUES, Sentence

WEIGHTS = Path(__file__).with_name("salience.json")
VALUE, MOMENT, WORD = "value", "moment", "word"
PLACE_CUES = (
    "bold", "predicate", "after_equals", "rejected", "bracketed", "compared", "before_contrast",
    "after_contrast", "first_in_segment", "last_in_segment", "only_in_segment", "echo", "after_topic",
    "opens_segment", "past", "before_conclusion", "after_conclusion",
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
# What follows is the conclusion of a sentence that began with its reasons.
_THEREFORE = re.compile(
    r"[\s,.(](?:즉|따라서|그러므로|그래서|그러니까|그러니|결국|결론|최종|총|합하면|더하면|정리하면|다시 말해)"
    r"|\b(?:so|thus|therefore|hence|which means|i\.e\.|that is|that's|making|giving|in total|or rather)\b"
    r"|[→⇒]",
    re.I,
)
_FIRST_CHARS = 3
# A date that another one is counted from.
_BASE_AFTER = re.compile(
    r"\s*(?:에서|부터|로부터|의\s?(?:하루|다음|전날|이틀|바로)|\+|-\s\d|plus\b|minus\b)", re.I
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


def _list_ends(pattern: re.Pattern[str], text: str) -> frozenset[int]:
    return frozenset([found.end() for found in pattern.finditer(text)])


def weigh_segment(kind: str, cues: Sequence[float]) -> float:
    """Return what the SEGMENT_CUES of a segment add to the salience of its mentions."""
    return _dot(load_weights()[kind][0], cues)


def weigh(kind: str, cues: Sequence[float]) -> float:
    """Return what the other cues of a mention add to its salience: a log-odds up to a constant."""
    return _dot(load_weights()[kind][1], cues)


class PlaceReader:
    """Measures the mentions in one sentence."""

    def __init__(self, sentence: Sentence) -> None:
        self.sentence = sentence
        text = sentence.text
        contrasts = [found.start() for found in _CONTRAST.finditer(text)]
        self._first_contrast, self._last_contrast = (
            (contrasts[0], contrasts[-1]) if contrasts else (len(text), -1)
        )
        self._equals = _list_ends(_EQUALS, text)
        self._topics = _list_ends(_TOPIC, text)
        self._compared = _list_ends(_COMPARED_BEFORE, text)
        self._past = _list_ends(_PAST, text)
        concluding = [found.end() for found in _THEREFORE.finditer(text) if found.start() > _FIRST_CHARS]
        self._first_conclusion, self._last_conclusion = (
            (concluding[0], concluding[-1]) if concluding else (len(text), -1)
        )
        self._brackets = _find_brackets(text) if "(" in text else []
        self._has_bold, self._has_rejected = bool(sentence.bold), bool(sentence.rejected)

    def measure(self, start: int, end: int, order: tuple[int, int], *, is_echo: bool) -> list[float]:
        """Return the PLACE_CUES of a mention; `order` is its index in the segment, and their count."""
        text = self.sentence.text
        index, count = order
        return [
            self._has_bold and self.sentence.is_bold(start, end),
            _PREDICATE.match(text, end) is not None,
            start in self._equals,
            self._has_rejected and self.sentence.is_rejected(start, end),
            any(a < start and end <= b for a, b in self._brackets) if self._brackets else False,
            start in self._compared or text.startswith("보다", end),
            self._last_contrast >= end,
            self._first_contrast < start,
            index == 0,
            index == count - 1,
            count == 1,
            is_echo,
            start in self._topics,
            start <= 2,
            any(start - 30 <= at <= start for at in self._past) if self._past else False,
            start < self._last_conclusion,
            self._first_conclusion <= start,
        ]


def _find_brackets(text: str) -> list[tuple[int, int]]:
    opened, found = -1, list[tuple[int, int]]()
    for at, sign in enumerate(text):
        if sign == "(":
            opened = at
        elif sign == ")" and opened >= 0:
            found.append((opened, at))
            opened = -1
    return found


def is_operand(text: str, start: int, end: int) -> tuple[float, float]:
    """Return whether an operator follows a number, and whether one stands before it."""
    after, before = text[end : end + 12], text[max(0, start - 6) : start]
    return float(bool(_OPERAND_AFTER.match(after))), float(bool(_OPERAND_BEFORE.search(before)))


def is_base(text: str, end: int) -> bool:
    """Return whether another date is counted from the one that ends here."""
    return _BASE_AFTER.match(text, end) is not None
