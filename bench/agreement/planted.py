"""Plants sentences in answers, as they are or with one number, unit, name, negation or place changed."""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from aggregator.pipeline.statements.sentences import split_sentences

MAX_SENTENCES = 3
# A candidate that says the sentence, in other clothes or in the words of another writer.
STATED = ("rewritten", "paraphrased")
_NUMBER = re.compile(r"(?<![\d.,])\d+(?:,\d{3})*(?:\.\d+)?(?![\d.,]*\d)")
# The parts of a date may stand in any order.
_IN_DATE = re.compile(r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)|\d월", re.I)
_UNITS = {
    "km": "m", "kg": "g", "cm": "mm", "시간": "분", "분": "초",
    "원": "달러", "개": "명", "년": "개월", "%": "kg",
    "hours": "minutes", "minutes": "seconds", "years": "months", "days": "weeks", "°C": "°F", "miles": "feet",
    "pounds": "ounces", "킬로미터": "미터", "그램": "킬로그램",
    "리터": "밀리리터", "만": "억", "million": "billion",
}  # fmt: skip
_WITH_UNIT = re.compile(
    r"(\d\s?)(" + "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True)) + r")(?![a-z])"
)
_NEGATIONS = (
    (re.compile(r"입니다(?=[.!])"), "이 아닙니다"), (re.compile(r"(?:이에요|예요)(?=[.!])"), "이 아니에요"),
    (re.compile(r"있습니다"), "없습니다"), (re.compile(r"있어요"), "없어요"),
    (re.compile(r"(?<=[가-힣])합니다"), "하지 않습니다"),
    (re.compile(r"(?<=[가-힣])해요"), "하지 않아요"), (re.compile(r"됩니다"), "되지 않습니다"),
    (re.compile(r"\b(is|are|was|were|can|should|will)\b(?! not|n't)"), r"\1 not"),
    (re.compile(r"\bdoes\b|\bdo\b"), "don't"),
)  # fmt: skip
_KOREAN_NAME = re.compile(
    r"(?<![가-힣])([가-힣]{2,5}?)(?=(?:은|는|이|가|을|를|의|에서|입니다|이에요|예요)(?![가-힣]))"
)
_LATIN_NAME = re.compile(r"(?<=[a-z,] )([A-Z][a-z]{3,})\b")
_STYLES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"입니다(?=[.!])"), "이에요"), (re.compile(r"이에요(?=[.!])"), "입니다"),
    (re.compile(r"\bisn't\b"), "is not"), (re.compile(r"\bIt's\b"), "It is"),
    (re.compile(r"\bdoesn't\b"), "does not"),
    (re.compile(r"(?<=\d),(?=\d{3})"), ""), (re.compile(r"(?<=\d)\s?km\b"), " 킬로미터"),
    (re.compile(r"(?<=\d)%"), "퍼센트"),
    (re.compile(r"(?<=\d)\s?kg\b"), " 킬로그램"), (re.compile(r"\*\*"), ""),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Planted:
    """A sentence, the answer in which a candidate says it or not, and how the answer was made."""

    sentence: str
    answer: str
    kind: str

    @property
    def is_stated(self) -> bool:
        """Return whether the answer says the sentence."""
        return self.kind in STATED


def _swap_number(sentence: str, draw: random.Random) -> str:
    found = list(_NUMBER.finditer(sentence))
    if not found:
        return ""
    chosen = draw.choice(found)
    digits = chosen[0]
    place = draw.randrange(len(digits))
    while not digits[place].isdigit():
        place = draw.randrange(len(digits))
    other = str((int(digits[place]) + draw.randint(1, 8)) % 9 + (place == 0))
    changed = digits[:place] + other + digits[place + 1 :]
    return sentence[: chosen.start()] + changed + sentence[chosen.end() :] if changed != digits else ""


def _swap_unit(sentence: str, draw: random.Random) -> str:
    return _WITH_UNIT.sub(lambda found: found[1] + _UNITS[found[2]], sentence, count=1)


def _swap_negation(sentence: str, draw: random.Random) -> str:
    for pattern, denied in _NEGATIONS:
        if pattern.search(sentence):
            return pattern.sub(denied, sentence, count=1)
    return ""


def _swap_order(sentence: str, draw: random.Random) -> str:
    found = list(_NUMBER.finditer(sentence))
    if len(found) < 2 or found[0][0] == found[1][0]:
        return ""
    (a, b), (c, d) = found[0].span(), found[1].span()
    if _IN_DATE.search(sentence[max(0, a - 12) : d + 12]):
        return ""
    return sentence[:a] + sentence[c:d] + sentence[b:c] + sentence[a:b] + sentence[d:]


def _rewrite(sentence: str, draw: random.Random) -> str:
    """Return the sentence with other endings, marks and spellings of numbers; it says the same."""
    changed = sentence
    for pattern, style in _STYLES:
        if draw.random() < 0.7:
            changed = pattern.sub(style, changed)
    if draw.random() < 0.3:
        changed = _NUMBER.sub(r"**\g<0>**", changed, count=1)
    return f"{changed[:-1]}!" if changed.endswith(".") and draw.random() < 0.3 else changed


class NamePool:
    """The names of all answers, of which one takes another's place."""

    def __init__(self, rows: Sequence[dict[str, Any]]) -> None:
        texts = [answer for row in rows for answer in row["answers"]]
        self._pools = [
            sorted({found[1] for text in texts for found in pattern.finditer(text)})
            for pattern in (_KOREAN_NAME, _LATIN_NAME)
        ]

    def swap(self, sentence: str, draw: random.Random) -> str:
        """Return the sentence with one name exchanged, or '' without a name."""
        for pattern, pool in zip((_KOREAN_NAME, _LATIN_NAME), self._pools, strict=True):
            found = list(pattern.finditer(sentence))
            if found and len(pool) > 1:
                chosen = draw.choice(found)
                other = draw.choice([name for name in pool if name[:2] != chosen[1][:2]])
                return sentence[: chosen.start()] + other + sentence[chosen.end() :]
        return ""


def _plant_sentence(sentence: str, answer: str, pool: NamePool, draw: random.Random) -> Iterator[Planted]:
    changes: dict[str, Callable[[str, random.Random], str]] = {
        "rewritten": _rewrite,
        "number": _swap_number,
        "unit": _swap_unit,
        "negation": _swap_negation,
        "name": pool.swap,
        "order": _swap_order,
    }
    for kind, change in changes.items():
        changed = change(sentence, draw)
        if kind == "rewritten" or (changed and changed != sentence):
            # The rest of the answer stays, so that shared words alone would credit it.
            yield Planted(sentence, answer.replace(sentence, changed), kind)


def plant_sentences(rows: Sequence[dict[str, Any]]) -> list[Planted]:
    """Return planted sentences of all questions, and whole answers beside those of other writers.

    An answer of one sentence is said by the answers of its group and by no other.
    """
    pool = NamePool(rows)
    planted: list[Planted] = []
    for row in rows:
        draw = random.Random(row["id"])
        groups = {index: number for number, group in enumerate(row["groups"]) for index in group}
        for index, answer in enumerate(row["answers"]):
            sentences = [each for each in split_sentences(answer) if not each.rstrip('*") ').endswith("?")]
            for sentence in sentences[:MAX_SENTENCES]:
                if answer.count(sentence) == 1:
                    planted.extend(_plant_sentence(sentence, answer, pool, draw))
            if sentences == [answer.strip()]:
                planted.extend(
                    Planted(
                        answer.strip(), other, "paraphrased" if groups[place] == groups[index] else "opposed"
                    )
                    for place, other in enumerate(row["answers"])
                    if place != index
                )
    return planted
