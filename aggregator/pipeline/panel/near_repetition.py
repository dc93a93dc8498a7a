"""Recognises a text that writes nearly the same sentences or list entries again, with a few words changed.

A near copy shares most of its letter shingles with the unit one or two periods before, and has no number and
hardly a word that the text did not have. The number that a line begins with is not compared, because loops
count on.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

# A unit is a sentence or a line; shorter ones are part of the next. Hangul letters count twice.
_MIN_UNIT_LETTERS, _MIN_LINE_LETTERS = 28, 20
# So many shingles make a loop.
_MIN_LOOP_SHINGLES = 24
_SHINGLE_LETTERS, _MIN_SHARED = 3, 0.72
# A loop has up to so many units, which come again twice, or more often if they bring a new word each time.
_MAX_PERIOD, _LEAST_REPEATS, _MOST_REPEATS = 4, 2, 4
_KEPT = _MAX_PERIOD * (_MOST_REPEATS + 1)
# How often the unit that is being written is compared, in characters.
_CHECK_EVERY = 6
_UNIT_END = re.compile(r"\n+|(?<!\d)[.!?…。！？]+[\"'”’)*\]]*(?=\s)")
_COUNTER = re.compile(r"^[^\w\n]{0,8}\d+[^\w\n]{0,4}")
_WORD, _DIGITS = re.compile(r"[^\W\d_]+"), re.compile(r"\d+(?:[.,]\d+)*")
# An end of a unit, with the blank after it, is sought so many characters back.
_MOST_END_CHARS, _BLANK = 32, re.compile(r"\s")
_LAST_WORD = re.compile(r"\S*$")
_WIDE_LETTERS = re.compile(r"[가-힣぀-ヿ一-鿿]")
# Links, table cells, formulas and code repeat with small changes on purpose.
_NOT_PROSE = re.compile(r"https?://|[|`={}<>\\∀∃∨∧¬→∗^\t]|\w/\w|[^\s,]+,[^\s,]+,")


@dataclass(frozen=True, slots=True)
class Unit:
    """What is compared of a sentence or line, and how many of its words the text did not have before."""

    shingles: frozenset[str]
    numbers: frozenset[str]
    is_prose: bool
    new_words: int


@dataclass(frozen=True, slots=True)
class NearLoop:
    """Of how many units a loop is made, and how often they have come again."""

    period: int = 0
    repeats: int = 0


@dataclass(slots=True)
class NearRepetitionDetector:
    """Reads a text piece by piece; the cost of a piece does not grow with the text."""

    _units: deque[Unit] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _words: set[str] = field(default_factory=set)
    # What has been written of the next unit.
    _rest: str = ""
    _unchecked: int = 0
    # Whether one more copy would make a loop of the units that have ended.
    _is_suspicious: bool = False

    def extend(self, piece: str) -> bool:
        """Read a piece of text; returns whether the text repeats itself nearly by now."""
        self._rest += piece
        if _may_end_unit(self._rest, len(piece)) and self._read_ended():
            return True
        self._unchecked += len(piece)
        if not self._is_suspicious or self._unchecked < _CHECK_EVERY:
            return False
        self._unchecked = 0
        # The last word may be half written.
        written = _LAST_WORD.sub("", self._rest)
        if not _is_long(written):
            return False
        return find_near_loop([*self._units, _read_unit(written, self._words)]).period > 0

    def skip(self) -> None:
        """Forget what was read, as where code begins."""
        self._units.clear()
        self._rest, self._is_suspicious = "", False

    def _read_ended(self) -> bool:
        """Read the units that have ended; returns whether they end in a loop."""
        for text in self._take_ended():
            self._units.append(_read_unit(text, self._words))
            self._words.update(_list_words(text))
            known = list(self._units)
            if find_near_loop(known).period:
                return True
            self._is_suspicious = any(
                _count_copies(known, period) >= _LEAST_REPEATS * period - 1
                for period in range(1, _MAX_PERIOD + 1)
            )
        return False

    def _take_ended(self) -> Iterator[str]:
        *ended, (_, self._rest) = list(split_units(self._rest))
        yield from (text for _, text in ended)


def _may_end_unit(text: str, added: int) -> bool:
    """Return whether the last `added` characters may have ended a unit, which takes a look at few of them."""
    known = len(text) - added
    if not _BLANK.search(text, known):
        return False
    found = _UNIT_END.finditer(text, max(0, known - _MOST_END_CHARS))
    return any(end.end() >= known for end in found)


def split_units(text: str) -> Iterator[tuple[int, str]]:
    """Yield the units of a text with where they begin; the last one may not have ended, and may be empty."""
    start = 0
    for found in _UNIT_END.finditer(text):
        is_line = found[0].startswith("\n")
        if _is_long(text[start : found.end()], _MIN_LINE_LETTERS if is_line else _MIN_UNIT_LETTERS):
            yield start, text[start : found.end()]
            start = found.end()
    yield start, text[start:]


def find_near_loop(units: Iterable[Unit]) -> NearLoop:
    """Return the loop that some units end in; its period is 0 if there is none."""
    known = list(units)
    for period in range(1, _MAX_PERIOD + 1):
        copies = _count_copies(known, period)
        written = sum(len(unit.shingles) for unit in known[-period:])
        for repeats in range(_LEAST_REPEATS, _MOST_REPEATS + 1):
            if copies < repeats * period or written < _MIN_LOOP_SHINGLES:
                break
            new_words = sum(unit.new_words for unit in known[-repeats * period :])
            if new_words <= repeats - _LEAST_REPEATS:
                return NearLoop(period, copies // period)
    return NearLoop()


def cut_near_loop(text: str) -> str:
    """Return a text that ends in near copies up to the end of the first of them."""
    words: set[str] = set()
    places: list[int] = []
    units: list[Unit] = []
    for start, unit in split_units(_LAST_WORD.sub("", text)):
        if _is_long(unit, _MIN_LINE_LETTERS):
            places.append(start)
            units.append(_read_unit(unit, words))
            words.update(_list_words(unit))
    loop = find_near_loop(units)
    return text[: places[-loop.repeats * loop.period]].rstrip() if loop.period else text


def _count_copies(units: Sequence[Unit], period: int) -> int:
    """Return how many of the last units are near copies of a unit one or two periods before."""
    count = 0
    while (at := len(units) - 1 - count) >= period:
        former = units[at - period], units[max(at - 2 * period, at % period)]
        if not any(_is_near_copy(units[at], each) for each in former):
            break
        count += 1
    return count


def _is_near_copy(unit: Unit, former: Unit) -> bool:
    longer = max(len(unit.shingles), len(former.shingles))
    return (
        unit.is_prose
        and unit.numbers <= former.numbers
        and 0 < _MIN_SHARED * longer <= len(unit.shingles & former.shingles)
    )


def _read_unit(text: str, known: set[str]) -> Unit:
    body = _COUNTER.sub("", text.strip())
    words = _list_words(body)
    letters = "".join(words)
    shingles = (letters[at : at + _SHINGLE_LETTERS] for at in range(len(letters) - _SHINGLE_LETTERS + 1))
    new_words = len(set(words) - known)
    return Unit(frozenset(shingles), frozenset(_DIGITS.findall(body)), not _NOT_PROSE.search(body), new_words)


def _list_words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _is_long(text: str, least: int = _MIN_UNIT_LETTERS) -> bool:
    letters = sum(map(len, _WORD.findall(text))) + len(_WIDE_LETTERS.findall(text))
    return letters >= least
