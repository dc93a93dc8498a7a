"""What one answer says: refusal, polarity, choice, values, moments, items and focus words."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from aggregator.pipeline.agreement.phrases import Phrase, PlacedTerm, join_phrases
from aggregator.pipeline.agreement.question.expected_answer import ExpectedAnswer, read_question, refine_kind
from aggregator.pipeline.agreement.question.question_patterns import LIST, NAME, OPEN
from aggregator.pipeline.agreement.readers.choices import Choice, read_choice
from aggregator.pipeline.agreement.readers.dates import Mention, Moment, find_moments
from aggregator.pipeline.agreement.readers.item_lists import Item, read_items
from aggregator.pipeline.agreement.readers.non_answers import measure_no_verdict, measure_refusal
from aggregator.pipeline.agreement.readers.polarity import Polarity, read_polarity
from aggregator.pipeline.agreement.readers.quantities import find_quantities
from aggregator.pipeline.agreement.readers.quantity import PLAIN, Quantity
from aggregator.pipeline.agreement.readers.units import Unit, find_unit
from aggregator.pipeline.agreement.readers.verdict_cues import Cues as VerdictCues
from aggregator.pipeline.agreement.readers.verdict_cues import (
    TruthQuestion,
    measure_open_cues,
    measure_verdict_cues,
)
from aggregator.pipeline.agreement.readers.verdicts import NO_VERDICT, Verdict, judge_verdict
from aggregator.pipeline.agreement.readers.words import list_words, match_words
from aggregator.pipeline.agreement.salience import MOMENT, VALUE, WORD, Cues, PlaceReader, is_operand
from aggregator.pipeline.agreement.segments import CODE, AnswerText, Segment, cut_segments
from aggregator.pipeline.answer_type import DATE, NUMBER, TRUTH

_HANGUL_PREDICATES = (
    "입니다",
    "이에요",
    "예요",
    "이야",
    "이다",
    "였습니다",
    "였어요",
    "이죠",
    "이요",
    "이네요",
)
# The kinds of question whose answers may be lists.
LISTED = {LIST, NAME, OPEN}
_MAX_WORDS = 120
_DIGIT = re.compile(r"\d")
# What a date counts that fixes the field a question asks for: the weekday, the year.
FIT = 1.5


@dataclass(frozen=True, slots=True)
class Weighed:
    """A quantity with the salience of being the answer."""

    quantity: Quantity
    salience: float
    cues: Cues = ((), ())


@dataclass(frozen=True, slots=True)
class WeighedMoment:
    """A date or time with the salience of being the answer."""

    moment: Moment
    salience: float
    cues: Cues = ((), ())


@dataclass(frozen=True, slots=True)
class WeighedTerm:
    """A content word with the salience of being the answer."""

    word: str
    salience: float
    cues: Cues
    is_known: bool
    is_rejected: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What one answer says, most salient first."""

    text: AnswerText
    refusal: float
    no_verdict: float
    polarity: Polarity
    verdict: Verdict
    choice: Choice | None
    values: tuple[Weighed, ...]
    moments: tuple[WeighedMoment, ...]
    items: tuple[Item, ...]
    focus: dict[str, float]
    new_words: frozenset[str]
    words: tuple[WeighedTerm, ...]
    phrases: tuple[Phrase, ...]
    rejected_words: frozenset[str]
    all_words: frozenset[str]
    codes: tuple[str, ...]


def _measure_quantity(
    expected: ExpectedAnswer, place: PlaceReader, quantity: Quantity, order: tuple[int, int]
) -> list[float]:
    """Return the cues of a quantity; `order` is its index among those of its segment, and their count."""
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
        *is_operand(place.segment, quantity.start, quantity.end),
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
        is_operand(place.segment, mention.start, mention.end)[0],
    ]


def _read_values(
    expected: ExpectedAnswer, answer: AnswerText
) -> tuple[list[Weighed], list[WeighedMoment], list[list[tuple[int, int]]]]:
    """Return quantities and moments, most salient first, and where they stand in each segment."""
    spans: list[list[tuple[int, int]]] = []
    values: list[Weighed] = []
    moments: list[WeighedMoment] = []
    for segment in answer.segments:
        found = find_moments(segment.text, is_date=expected.kind == DATE)
        taken = (
            [(each.start, each.end) for each in found]
            if expected.kind == DATE
            else _list_sure(segment, found)
        )
        quantities = find_quantities(segment.text, taken)
        if expected.kind != DATE:
            found = _drop_measured(found, quantities, is_number=expected.kind == NUMBER)
        dates, numbers = (
            [(each.start, each.end) for each in found],
            [(each.start, each.end) for each in quantities],
        )
        spans.append(dates + numbers)
        place = PlaceReader(segment) if found or quantities else None
        if place is None:
            continue
        for index, mention in enumerate(found):
            cues = _measure_moment(expected, place, mention, (index, len(found)))
            moments.append(
                WeighedMoment(mention.moment, place.weigh(MOMENT, cues), (segment.cues, tuple(cues)))
            )
        if expected.wanted_unit:
            quantities = [_assume_unit(each, expected.wanted_unit) for each in quantities]
        for index, quantity in enumerate(quantities):
            cues = _measure_quantity(expected, place, quantity, (index, len(quantities)))
            values.append(Weighed(quantity, place.weigh(VALUE, cues), (segment.cues, tuple(cues))))
    values.sort(key=lambda each: -each.salience)
    moments.sort(key=lambda each: -each.salience)
    return values, moments, spans


def _drop_measured(found: list[Mention], quantities: Sequence[Quantity], *, is_number: bool) -> list[Mention]:
    """Return the moments that are no quantity: 1000 in "1000 g" is no year, nor is a number asked for."""
    measured = [each for each in quantities if is_number or each.dimension != PLAIN]
    return [
        mention
        for mention in found
        if not any(each.start < mention.end and mention.start < each.end for each in measured)
    ]


def _list_sure(segment: Segment, found: list[Mention]) -> list[tuple[int, int]]:
    """Return the spans of dates that cannot be plain numbers or durations."""
    sure = {"weekday", "clock", "month", "century"}
    return [
        (each.start, each.end)
        for each in found
        if len(each.moment.fixed) > 1
        or each.moment.fixed & sure
        or (each.moment.fixed == {"year"} and not segment.text[each.start : each.end].isdigit())
    ]


@lru_cache(maxsize=8192)
def _is_known(words: frozenset[str], folded: str) -> bool:
    return folded in words or any(match_words(folded, word) >= 0.8 for word in words)


def _measure_word(
    place: PlaceReader, row: tuple[str, str, int, int], order: tuple[int, int], *, is_known: bool
) -> list[float]:
    _, written, start, end = row
    text = place.segment.text
    return [
        *place.measure(start, end, order, is_echo=is_known),
        float(is_known),
        float(start > 0 and written[0].isupper()),
        float(written.endswith(_HANGUL_PREDICATES)),
        float(order[1] <= 4),
        float(len(written) >= 5),
        float(bool(_DIGIT.search(text, max(0, start - 3), end + 3))),
        float(written[0].isascii()),
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


def read_words(
    expected: ExpectedAnswer, answer: AnswerText, spans: Sequence[Sequence[tuple[int, int]]]
) -> tuple[list[WeighedTerm], list[Phrase]]:
    """Return the words and phrases of an answer in order; `spans` are those of its numbers and dates."""
    phrases: list[Phrase] = []
    words: list[WeighedTerm] = []
    for number, segment in enumerate(answer.segments):
        if segment.kind == CODE or len(words) >= _MAX_WORDS:
            continue
        rows = _list_free_words(segment.text, spans[number])
        place = PlaceReader(segment) if rows else None
        if place is None:
            continue
        placed: list[PlacedTerm] = []
        for index, row in enumerate(rows):
            known = row[0] not in expected.guessed and _is_known(expected.words, row[0])
            cues = _measure_word(place, row, (index, len(rows)), is_known=known)
            rejected, salience = segment.is_rejected(row[2], row[3]), place.weigh(WORD, cues)
            words.append(WeighedTerm(row[0], salience, (segment.cues, tuple(cues)), known, rejected))
            if not rejected:
                placed.append(PlacedTerm(*row, salience, known))
        phrases.extend(join_phrases(segment.text, placed))
    return words, phrases


def _collect_focus(words: Sequence[WeighedTerm]) -> dict[str, float]:
    """Return the share of each word in the answer: the softmax of its best mention."""
    best: dict[str, float] = {}
    for each in words:
        best[each.word] = max(best.get(each.word, -99.0), each.salience)
    top = max(best.values(), default=0.0)
    weights = {word: math.exp(salience - top) for word, salience in best.items()}
    total = sum(weights.values()) or 1.0
    return {word: weight / total for word, weight in weights.items()}


def measure_verdict(
    expected: ExpectedAnswer, answer: AnswerText, polarity: Polarity, declined: tuple[float, float]
) -> tuple[VerdictCues, VerdictCues]:
    """Return the cues of which verdict an answer gives, and of giving none."""
    question = TruthQuestion(expected.words, expected.asks_bad, expected.is_negated)
    return (
        measure_verdict_cues(answer, polarity, question),
        measure_open_cues(answer, polarity, question, declined),
    )


def _read_verdict(
    expected: ExpectedAnswer, answer: AnswerText, polarity: Polarity, declined: tuple[float, float]
) -> Verdict:
    return judge_verdict(*measure_verdict(expected, answer, polarity, declined))


# A live turn compares the same answers again with each one that ends.
@lru_cache(maxsize=64)
def read_answer(expected: ExpectedAnswer, text: str) -> Reading:
    """Return what an answer to a question says."""
    answer = cut_segments(text)
    values, moments, spans = _read_values(expected, answer)
    words, phrases = read_words(expected, answer, spans)
    rejected = {each.word for each in words if each.is_rejected}
    kept = [each for each in words if not each.is_rejected]
    is_truth = expected.kind == TRUTH
    refusal, no_verdict = measure_refusal(answer.plain), measure_no_verdict(answer.plain)
    polarity = read_polarity(answer, asks_bad=expected.asks_bad, is_negated=is_truth and expected.is_negated)
    codes = [segment.text for segment in answer.segments if segment.kind == CODE]
    codes += [segment.text[a:b] for segment in answer.segments for a, b in segment.code]
    return Reading(
        text=answer,
        refusal=refusal,
        no_verdict=no_verdict,
        polarity=polarity,
        verdict=_read_verdict(expected, answer, polarity, (refusal, no_verdict)) if is_truth else NO_VERDICT,
        choice=read_choice(answer, expected.options, is_lettered=expected.is_lettered)
        if expected.options
        else None,
        values=tuple(values),
        moments=tuple(moments),
        items=tuple(read_items(answer, expected.words)) if expected.kind in LISTED else (),
        focus=_collect_focus(kept),
        new_words=frozenset(each.word for each in kept if not each.is_known),
        words=tuple(words),
        phrases=tuple(sorted(phrases, key=lambda each: -each.salience)),
        rejected_words=frozenset(rejected - {each.word for each in kept}),
        all_words=frozenset(each.word for each in words),
        codes=tuple(re.sub(r"\s+", " ", code).strip() for code in codes if code.strip()),
    )


def read_answers(prompt: str, texts: Sequence[str]) -> tuple[ExpectedAnswer, list[Reading]]:
    """Return what a prompt asks for, in view of its answers, and what each of them says."""
    expected = refine_kind(read_question(prompt), texts)
    return expected, [read_answer(expected, text) for text in texts]
