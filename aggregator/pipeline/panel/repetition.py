"""Recognises a text that repeats itself while it is written, and where its first repetition begins.

A loop is a text whose end is periodic: the last characters equal those one period before, over more than one
repetition. The number that a line begins with counts as equal to every other, because loops count on.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from aggregator.pipeline.panel.near_repetition import NearRepetitionDetector, cut_near_loop

# The longest unit whose repetition is found, and the characters by which an earlier copy is sought.
MAX_PERIOD = 2_400
_NEEDLE = 20
# Long units are sought less often.
_CHECK_EVERY, _NEAR_WINDOW, _FAR_EVERY = 4, 400, 6
# A unit may hold what it ends with more than once.
_CANDIDATES = 4
# How many copies of a unit make a loop, and how many letters they have together; Hangul letters count twice.
_COPIES, _MIN_LETTERS = 3, 56
# Verse repeats lines, schedules repeat an entry of each day, code and tables repeat whole rows, and digits
# and drawings repeat without a word.
_VERSE_COPIES, _VERSE_CHARS = 6, 300
_VERSE_LINE_CHARS, _STANZA_CHARS = 70, 300
_SCHEDULE_COPIES, _SCHEDULE_CHARS = 8, 80
_ROW_COPIES, _ROW_CHARS = 10, 700
_WORDLESS_COPIES, _WORDLESS_CHARS = 12, 1_600
# What a person asked to have repeated.
_REQUESTED_CHARS = 4_000
# The last letters of the last copy may not be written yet.
_UNWRITTEN_SHARE, _UNWRITTEN_CHARS = 0.45, 64
_WINDOW = MAX_PERIOD * _COPIES + _NEEDLE

_COUNTER = re.compile(r"^([^\w\n]{0,8})([^\W\d]{1,10}[ \t]|[가-힣]{1,6})?\d+(?:[.\-]\d+)*([^\W\d_])?")
# What stands for a number at the beginning of a line: alone, or with a word as in "day 3".
_NUMBER, _NUMBERED_WORD = "\ue000", "\ue001"
_LETTERS = re.compile(r"[^\W\d_]")
_WIDE_LETTERS = re.compile(r"[가-힣぀-ヿ一-鿿]")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.M)
_LINE_END, _BLANK = re.compile(r"\n+"), re.compile(r"\s")
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’)*\]]*(?=\s|$)")
_CELL_COMMA = re.compile(r",(?=\S)")
_TABLE_ROW = re.compile(r"(?:^|\n)[ \t]*\|[^\n]*\||\|[ \t]*\n[ \t]*\|")
_STOP = re.compile(r"[.!?…。！？](?!\d)")
_VERSE_REQUEST = re.compile(
    r"노래|가사|작사|후렴|동요|자장가|운문|(?<![가-힣])(?:시[를 로]|동시[를 ]|시조|랩[을 ])"
    r"|\b(?:song|lyrics?|rap|poems?|poetry|verses?|chorus|refrain|ballad|haiku|limerick|sonnet|chant|hymn)\b",
    re.I,
)
_REPETITION_REQUEST = re.compile(
    r"(?:반복|되풀이)(?:해|하여|하세요|하시|시켜)|번 (?:반복|써|적어|말해|출력)"
    r"|\brepeat(?:ing)?\b|\b\d+ times\b",
    re.I,
)
_VERSE = re.compile(
    r"^[\[(*#_ ]*(?:chorus|verse|refrain|bridge|pre-chorus|outro|후렴|코러스|\d+절|브릿지)\b", re.I | re.M
)


@dataclass(frozen=True, slots=True)
class RepetitionContext:
    """What makes copies part of an answer: verse or repetition that was asked for, a refrain, code."""

    is_requested: bool = False
    is_verse: bool = False
    is_code: bool = False


def read_repetition_context(prompt: str) -> RepetitionContext:
    """Return whether a prompt asks for verse or for something repeated."""
    return RepetitionContext(bool(_REPETITION_REQUEST.search(prompt)), bool(_VERSE_REQUEST.search(prompt)))


@dataclass(slots=True)
class RepetitionDetector:
    """Reads a text piece by piece; the cost of a piece does not grow with the text."""

    context: RepetitionContext = RepetitionContext()
    # The ended lines with masked counters, and the line that is being written, as far back as a loop reaches.
    _lines: str = ""
    _line: str = ""
    _unchecked: int = 0
    _checks: int = 0
    _near: NearRepetitionDetector = field(default_factory=NearRepetitionDetector)

    def extend(self, piece: str) -> bool:
        """Read a piece of text; returns whether the text repeats itself by now."""
        return self._extend_exact(piece) or self._extend_near(piece)

    def _extend_near(self, piece: str) -> bool:
        context = self.context
        if context.is_requested or context.is_verse:
            return False
        if context.is_code:
            self._near.skip()
            return False
        return self._near.extend(piece)

    def _extend_exact(self, piece: str) -> bool:
        *ended, rest = (self._line + piece).split("\n")
        if ended:
            self._lines = (self._lines + "".join(mask_counter(line) + "\n" for line in ended))[-_WINDOW:]
            self._read_lines(ended)
        self._line = rest[-_WINDOW:]
        self._unchecked += len(piece)
        if self._unchecked < _CHECK_EVERY and not ended:
            return False
        self._unchecked, self._checks = 0, self._checks + 1
        reach = _NEAR_WINDOW if self._checks % _FAR_EVERY else _WINDOW
        tail = self._line if len(self._line) >= reach else self._lines[-reach:] + mask_counter(self._line)
        return find_period(tail[-reach:], self.context) > 0

    def _read_lines(self, lines: list[str]) -> None:
        context = self.context
        fences = sum(bool(_FENCE.match(line)) for line in lines)
        is_verse = context.is_verse or any(_VERSE.match(line) for line in lines)
        self.context = replace(context, is_code=context.is_code ^ bool(fences % 2), is_verse=is_verse)


def mask_counter(line: str) -> str:
    """Return a line with the number that it begins with replaced, as of a list entry or a step."""
    found = _COUNTER.match(line)
    if not found:
        return line
    word, unit = found[2] or "", found[3] or ""
    return f"{found[1]}{word}{_NUMBERED_WORD if word or unit else _NUMBER}{unit}{line[found.end() :]}"


def list_periods(tail: str) -> Iterator[int]:
    """Yield the distances from the end of a text to the copies before it, nearest first and a few at most."""
    size = len(tail)
    copy = size - _NEEDLE
    for _ in range(_CANDIDATES):
        copy = tail.rfind(tail[-_NEEDLE:], 0, copy + _NEEDLE - 1)
        if copy < 0 or size < 2 * _NEEDLE:
            return
        yield size - _NEEDLE - copy


def find_period(tail: str, context: RepetitionContext) -> int:
    """Return the period of a text that ends in a loop, or 0; its counters are masked."""
    for period in list_periods(tail):
        if tail[-2 * period : -period] == tail[-period:]:
            # A multiple of this period would need fewer copies.
            length = _min_loop_chars(tail[-period:], context)
            is_long_enough = length <= len(tail) and tail[-length:-period] == tail[period - length :]
            return period if is_long_enough else 0
    return 0


def _min_loop_chars(unit: str, context: RepetitionContext) -> int:
    """Return how many characters copies of a unit must fill to be a loop."""
    period = len(unit)
    letters = count_letters(unit)
    if context.is_requested:
        return max(_WORDLESS_COPIES * period, _REQUESTED_CHARS)
    if letters * 4 < period:
        return max(_WORDLESS_COPIES * period, _WORDLESS_CHARS)
    if context.is_code or _is_row(unit):
        return max(_ROW_COPIES * period, _ROW_CHARS)
    if context.is_verse and _is_stanza(unit):
        return max(_VERSE_COPIES * period, _VERSE_CHARS)
    if _NUMBERED_WORD in unit and unit.count("\n") == 1 and period < _SCHEDULE_CHARS:
        return _SCHEDULE_COPIES * period
    unwritten = min(int(period * _UNWRITTEN_SHARE), _UNWRITTEN_CHARS)
    return max(_COPIES * period - unwritten, -(-_MIN_LETTERS * period // letters))


def count_letters(text: str) -> int:
    """Return the number of letters; a Hangul, kana or Han character counts as two."""
    return len(_LETTERS.findall(text)) + len(_WIDE_LETTERS.findall(text))


def _is_row(unit: str) -> bool:
    """Return whether a unit is part of a table."""
    return (
        bool(_TABLE_ROW.search(unit))
        or len(_CELL_COMMA.findall(unit + unit[0])) * 6 > len(unit)
        or "\t" in unit
    )


def _is_stanza(unit: str) -> bool:
    """Return whether a unit is written like lines of a song or poem."""
    lines = unit.split("\n")
    return len(lines) > 1 and len(unit) < _STANZA_CHARS and max(map(len, lines)) < _VERSE_LINE_CHARS


def cut_loop(text: str, context: RepetitionContext = RepetitionContext()) -> str:
    """Return a text that ends in a loop up to the end of the first copy of what it repeats."""
    masked, positions = _mask_text(text)
    period = find_period(masked[-_WINDOW:], context)
    if not period:
        return cut_near_loop(text)
    start = len(masked) - period
    while start > 0 and masked[start - 1] == masked[start - 1 + period]:
        start -= 1
    end = _find_unit_end(masked, start + period, period)
    return text[: positions[end]].rstrip()


def _find_unit_end(masked: str, earliest: int, period: int) -> int:
    """Return where the first copy ends, which is later if the text before it ends like the copy by chance."""
    head, window = masked[:earliest], masked[earliest : earliest + period]
    if head.endswith("\n") or _SENTENCE_END.search(head[-6:].rstrip()):
        return earliest
    for pattern in (_LINE_END, _SENTENCE_END):
        if found := pattern.search(window):
            return earliest + found.end()
    if found := _BLANK.search(window):
        return earliest + found.start() if head.rstrip() == head else earliest
    found = _STOP.search(window, 0, len(window) // 2)
    return earliest + found.end() if found else earliest


def _mask_text(text: str) -> tuple[str, list[int]]:
    """Return a text with masked counters, and the index in the text of each of its characters and its end."""
    masked: list[str] = []
    positions: list[int] = []
    start = 0
    for line in text.split("\n"):
        shown = mask_counter(line) + "\n"
        hidden = len(line) + 1 - len(shown)
        prefix = next((i for i, char in enumerate(shown) if char in {_NUMBER, _NUMBERED_WORD}), len(line))
        masked.append(shown)
        positions += range(start, start + prefix + 1)
        positions += range(start + prefix + 1 + hidden, start + len(line) + 1)
        start += len(line) + 1
    return "".join(masked)[:-1], positions
