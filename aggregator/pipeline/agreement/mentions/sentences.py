"""What one sentence of an answer mentions: its numbers, dates and words, weighed as far as its words go."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from aggregator.pipeline.agreement.mentions.phrases import PlacedTerm, Run, join_words
from aggregator.pipeline.agreement.mentions.salience import (
    MOMENT,
    VALUE,
    WORD,
    PlaceReader,
    is_base,
    is_operand,
    weigh,
)
from aggregator.pipeline.agreement.question.expected_answer import ExpectedAnswer
from aggregator.pipeline.agreement.readers.dates import Mention, find_moments
from aggregator.pipeline.agreement.readers.quantities import find_quantities
from aggregator.pipeline.agreement.readers.quantity import PLAIN, Quantity
from aggregator.pipeline.agreement.readers.units import Unit, find_unit
from aggregator.pipeline.agreement.readers.words import list_words, match_words
from aggregator.pipeline.agreement.segments import Sentence
from aggregator.pipeline.answer_type import DATE, NUMBER

_HANGUL_PREDICATES = (
    "입니다", "이에요", "예요", "이야", "이다", "였습니다", "였어요", "이죠", "이요", "이네요",
)  # fmt: skip
_DIGIT = re.compile(r"\d")
# What a date fixes that is no plain number or duration.
_SURE_FIELDS = {"weekday", "clock", "month", "century"}
# How many questions are kept, and how many sentences of each: those of a turn that is being written.
_QUESTIONS, _SENTENCES = 8, 128


class MentionedValue(NamedTuple):
    """A quantity with its cues, and what they weigh."""

    quantity: Quantity
    cues: tuple[float, ...]
    weight: float


class MentionedMoment(NamedTuple):
    """A date or time with its cues, and what they weigh."""

    mention: Mention
    cues: tuple[float, ...]
    weight: float


class MentionedTerm(NamedTuple):
    """A content word with its cues, and what they weigh."""

    word: str
    cues: tuple[float, ...]
    weight: float
    is_known: bool
    is_rejected: bool


class Mentions(NamedTuple):
    """All that a sentence mentions, in order."""

    values: tuple[MentionedValue, ...]
    moments: tuple[MentionedMoment, ...]
    words: tuple[MentionedTerm, ...]
    runs: tuple[Run, ...]


def _measure_quantity(
    expected: ExpectedAnswer, place: PlaceReader, quantity: Quantity, order: tuple[int, int]
) -> list[float]:
    """Return the cues of a quantity; `order` is its index among those of its sentence, and their count."""
    dimensions = {unit.dimension for unit in expected.units}
    is_wanted = any(unit.name == quantity.unit for unit in expected.units)
    is_echo = any(
        each.dimension == quantity.dimension
        and each.unit == quantity.unit
        and abs(each.value - quantity.value) < 1e-9
        for each in expected.quantities
    )
    return [
        *place.measure(quantity.start, quantity.end, order, is_echo=is_echo),
        *is_operand(place.sentence.text, quantity.start, quantity.end),
        float(is_wanted),
        float(not is_wanted and quantity.dimension in dimensions),
        float(bool(dimensions) and quantity.dimension not in dimensions and quantity.dimension != PLAIN),
        float(bool(quantity.unit)),
        float(quantity.is_approximate),
        float(bool(quantity.unit) and quantity.unit in expected.counters),
        float(quantity.high is not None),
    ]


def _assume_unit(quantity: Quantity, unit: Unit) -> Quantity:
    """Return a bare number as one in the unit that the question asks for."""
    if quantity.dimension != PLAIN or quantity.unit:
        return quantity
    return replace(
        quantity,
        value=quantity.value * unit.factor,
        step=quantity.step * unit.factor,
        high=None if quantity.high is None else quantity.high * unit.factor,
        dimension=unit.dimension,
        factor=unit.factor,
    )


def _measure_moment(
    expected: ExpectedAnswer, place: PlaceReader, mention: Mention, order: tuple[int, int]
) -> list[float]:
    known = any(mention.moment == each.moment for each in expected.moments)
    wanted = mention.moment.fixed & expected.fields if expected.fields else mention.moment.fixed
    return [
        *place.measure(mention.start, mention.end, order, is_echo=known),
        float(bool(wanted)),
        float(len(mention.moment.fixed)),
        is_base(place.sentence.text, mention.end),
    ]


def _drop_measured(found: list[Mention], quantities: Sequence[Quantity], *, is_number: bool) -> list[Mention]:
    """Return the moments that are no quantity: 1000 in "1000 g" is no year, nor is a number asked for."""
    measured = [each for each in quantities if is_number or each.dimension != PLAIN]
    return [
        mention
        for mention in found
        if not any(each.start < mention.end and mention.start < each.end for each in measured)
    ]


def _list_whole(found: list[Mention]) -> list[tuple[int, int]]:
    """Return the spans of dates that fix more than a day."""
    return [(each.start, each.end) for each in found if each.moment.fixed != {"day"}]


def _list_sure(text: str, found: list[Mention]) -> list[tuple[int, int]]:
    """Return the spans of dates that cannot be plain numbers or durations."""
    return [
        (each.start, each.end)
        for each in found
        if len(each.moment.fixed) > 1
        or each.moment.fixed & _SURE_FIELDS
        or (each.moment.fixed == {"year"} and not text[each.start : each.end].isdigit())
    ]


@lru_cache(maxsize=8192)
def _is_known(words: frozenset[str], folded: str) -> bool:
    return folded in words or any(match_words(folded, word) >= 0.8 for word in words)


def _measure_word(
    place: PlaceReader, row: tuple[str, str, int, int], order: tuple[int, int], *, is_known: bool
) -> list[float]:
    _, written, start, end = row
    return [
        *place.measure(start, end, order, is_echo=is_known),
        is_known,
        start > 0 and written[0].isupper(),
        written.endswith(_HANGUL_PREDICATES),
        order[1] <= 4,
        len(written) >= 5,
        _DIGIT.search(place.sentence.text, max(0, start - 3), end + 3) is not None,
        written[0].isascii(),
    ]


def _list_free_words(text: str, taken: Sequence[tuple[int, int]]) -> list[tuple[str, str, int, int]]:
    """Return the content words of a text outside its numbers and dates."""
    return [
        row
        for row in list_words(text)
        if not row[0][0].isdigit()
        and not (taken and any(first < row[3] and row[2] < last for first, last in taken))
        and not find_unit(row[0])
    ]


class SentenceReader:
    """Reads the sentences of answers to one question."""

    def __init__(self, expected: ExpectedAnswer) -> None:
        self._expected = expected
        # A live turn reads the sentences of an answer again as more are written.
        self.read = lru_cache(maxsize=_SENTENCES)(self._read)

    def _read(self, sentence: Sentence) -> Mentions:
        """Return what a sentence mentions."""
        text, expected = sentence.text, self._expected
        moments, quantities = self._find_numbers(text)
        spans = [(each.start, each.end) for each in moments] + [(each.start, each.end) for each in quantities]
        place = PlaceReader(sentence)
        if expected.wanted_unit:
            quantities = [_assume_unit(each, expected.wanted_unit) for each in quantities]
        dates, values = [], []
        for index, mention in enumerate(moments):
            cues = _measure_moment(expected, place, mention, (index, len(moments)))
            dates.append(MentionedMoment(mention, tuple(cues), weigh(MOMENT, cues)))
        for index, quantity in enumerate(quantities):
            cues = _measure_quantity(expected, place, quantity, (index, len(quantities)))
            values.append(MentionedValue(quantity, tuple(cues), weigh(VALUE, cues)))
        words, runs = ([], []) if sentence.is_code else self._read_words(place, spans)
        return Mentions(tuple(values), tuple(dates), tuple(words), tuple(runs))

    def _find_numbers(self, text: str) -> tuple[list[Mention], list[Quantity]]:
        """Return the dates and the other numbers of a sentence."""
        kind = self._expected.kind
        found = find_moments(text, is_date=kind == DATE)
        # "5일" may be a day of the month or five days.
        taken = _list_whole(found) if kind == DATE else _list_sure(text, found)
        quantities = find_quantities(text, taken)
        if kind != DATE:
            found = _drop_measured(found, quantities, is_number=kind == NUMBER)
        return found, quantities

    def _read_words(
        self, place: PlaceReader, spans: Sequence[tuple[int, int]]
    ) -> tuple[list[MentionedTerm], list[Run]]:
        """Return the words and phrases outside numbers and dates, whose spans are given."""
        expected, sentence = self._expected, place.sentence
        rows = _list_free_words(sentence.text, spans)
        words: list[MentionedTerm] = []
        placed: list[PlacedTerm] = []
        for index, row in enumerate(rows):
            known = row[0] not in expected.guessed and _is_known(expected.words, row[0])
            cues = _measure_word(place, row, (index, len(rows)), is_known=known)
            rejected, weight = sentence.is_rejected(row[2], row[3]), weigh(WORD, cues)
            words.append(MentionedTerm(row[0], tuple(cues), weight, known, rejected))
            if not rejected:
                placed.append(PlacedTerm(*row, weight, known))
        return words, join_words(sentence.text, placed)


@lru_cache(maxsize=_QUESTIONS)
def load_sentence_reader(expected: ExpectedAnswer) -> SentenceReader:
    """Return the reader of the answers to a question."""
    return SentenceReader(expected)
