"""What one answer says: refusal, polarity, choice, values, moments, items and focus words."""

import math
import re
from dataclasses import dataclass

from aggregator.pipeline.agreement.expected_answer import ExpectedAnswer
from aggregator.pipeline.agreement.readers.choices import Choice, read_choice
from aggregator.pipeline.agreement.readers.dates import Mention, Moment, find_moments
from aggregator.pipeline.agreement.readers.item_lists import Item, read_items
from aggregator.pipeline.agreement.readers.non_answers import measure_no_verdict, measure_refusal
from aggregator.pipeline.agreement.readers.polarity import Polarity, read_polarity
from aggregator.pipeline.agreement.readers.quantities import PLAIN, Quantity, find_quantities
from aggregator.pipeline.agreement.readers.units import find_unit
from aggregator.pipeline.agreement.readers.words import list_words, match_words
from aggregator.pipeline.agreement.segments import CODE, AnswerText, Segment, cut_segments
from aggregator.pipeline.answer_type import DATE, TRUTH

_EQUALS_BEFORE = re.compile(
    r"(?:=|→|≈|:|＝|is|are|은|는|이|가|면)\s*(?:약|대략|about|around|roughly|approximately)?\s*[₩$€£¥]?$",
    re.I,
)
_OPERATOR_AFTER = re.compile(r"^\s*(?:[+×x*/÷=%^]\s*[\d(]|-\s\d|에서|에다|곱하|나누|더하|빼|에 )", re.I)
_OPERATOR_BEFORE = re.compile(r"[+×x*/÷^]\s*\(?$|\d\s-\s$")
_COPULA_AFTER = re.compile(
    r"^\s*(?:\([^)]{0,40}\)\s*)?(?:정도|쯤|가량)?\s*(?:입니다|이에요|예요|이야|야|이다|임|이죠|이네요|입니당|이었|였|이요|요(?![가-힣])|됩니다|돼요|걸려|걸립|나와|나옵|남|들어|$|[.!])"
)
# What a word of the question counts among the words of its answer.
KNOWN_SHARE = 0.12


@dataclass(frozen=True, slots=True)
class Weighed:
    """A quantity with the salience of being the answer."""

    quantity: Quantity
    salience: float


@dataclass(frozen=True, slots=True)
class WeighedMoment:
    """A date or time with the salience of being the answer."""

    moment: Moment
    salience: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What one answer says, most salient first."""

    text: AnswerText
    refusal: float
    no_verdict: float
    polarity: Polarity
    choice: Choice | None
    values: tuple[Weighed, ...]
    moments: tuple[WeighedMoment, ...]
    items: tuple[Item, ...]
    focus: dict[str, float]
    new_words: frozenset[str]
    rejected_words: frozenset[str]
    all_words: frozenset[str]
    codes: tuple[str, ...]


def _weigh_place(segment: Segment, start: int, end: int) -> float:
    """Return the weight of a mention by where it stands, for any kind of value."""
    after, before = segment.text[end : end + 24], segment.text[max(0, start - 24) : start]
    weight = segment.weight
    weight += 1.6 if segment.is_bold(start, end) else 0.0
    weight += 0.8 if _COPULA_AFTER.match(after) else 0.0
    weight += 0.6 if _EQUALS_BEFORE.search(before) else 0.0
    weight -= 6.0 if segment.is_rejected(start, end) else 0.0
    is_bracketed = (
        "(" in segment.text[:start] and ")" not in segment.text[segment.text.rfind("(", 0, start) : start]
    )
    weight -= 0.9 if is_bracketed else 0.0
    weight -= (
        2.0
        if re.search(r"보다\s*$|\bthan\s+$|예를 들|for example", before) or after.lstrip().startswith("보다")
        else 0.0
    )
    return weight


def _weigh_quantity(expected: ExpectedAnswer, segment: Segment, quantity: Quantity, later: int) -> float:
    """Return the salience of a quantity; `later` counts those that follow in its segment."""
    weight = _weigh_place(segment, quantity.start, quantity.end)
    after = segment.text[quantity.end : quantity.end + 12]
    before = segment.text[max(0, quantity.start - 6) : quantity.start]
    if _OPERATOR_AFTER.match(after) or _OPERATOR_BEFORE.search(before):
        weight -= 2.0
    weight += 0.5 if later == 0 else 0.0
    dimensions = {unit.dimension for unit in expected.units}
    if any(unit.name == quantity.unit for unit in expected.units) or quantity.unit in expected.counters:
        weight += 2.0
    elif quantity.dimension in dimensions:
        weight += 1.0
    elif dimensions and quantity.dimension != PLAIN:
        weight -= 1.0
    is_echo = any(
        each.dimension == quantity.dimension
        and each.unit == quantity.unit
        and abs(each.value - quantity.value) < 1e-9
        for each in expected.quantities
    )
    return weight - (3.0 if is_echo else 0.0)


def _read_values(expected: ExpectedAnswer, answer: AnswerText) -> tuple[list[Weighed], list[WeighedMoment]]:
    values: list[Weighed] = []
    moments: list[WeighedMoment] = []
    known = [each.moment for each in expected.moments]
    for segment in answer.segments:
        found = find_moments(segment.text)
        for mention in found:
            weight = _weigh_place(segment, mention.start, mention.end)
            weight -= 3.0 if mention.moment in known else 0.0
            moments.append(WeighedMoment(mention.moment, weight))
        taken = (
            [(each.start, each.end) for each in found]
            if expected.kind == DATE
            else _list_sure(segment, found)
        )
        quantities = find_quantities(segment.text, taken)
        for index, quantity in enumerate(quantities):
            weight = _weigh_quantity(expected, segment, quantity, len(quantities) - 1 - index)
            values.append(Weighed(quantity, weight))
    values.sort(key=lambda each: -each.salience)
    moments.sort(key=lambda each: -each.salience)
    return values, moments


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


def _read_focus(
    expected: ExpectedAnswer, answer: AnswerText
) -> tuple[dict[str, float], set[str], set[str], set[str]]:
    """Return an answer's words by weight, those new to the question, the rejected ones, and all."""
    focus: dict[str, float] = {}
    new: set[str] = set()
    rejected: set[str] = set()
    every: set[str] = set()
    for segment in answer.segments:
        rows = list_words(segment.text)
        if not rows or segment.kind == CODE:
            continue
        base = math.exp(0.7 * max(-3.0, min(4.0, segment.weight))) / math.sqrt(len(rows))
        for folded, written, start, end in rows:
            every.add(folded)
            if folded[0].isdigit() or find_unit(folded):
                continue
            if segment.is_rejected(start, end):
                rejected.add(folded)
                continue
            weight = base * (2.5 if segment.is_bold(start, end) else 1.0)
            weight *= 1.6 if start > 0 and written[0].isupper() else 1.0
            after = segment.text[end : end + 10]
            is_predicate = _COPULA_AFTER.match(after) or re.search(
                r"(?:입니다|이에요|예요|이야|이다|였습니다|였어요)$", written
            )
            weight *= 2.0 if is_predicate else 1.0
            is_known = folded in expected.words or any(
                match_words(folded, word) >= 0.8 for word in expected.words
            )
            if is_known and folded not in expected.guessed:
                weight *= KNOWN_SHARE
            else:
                new.add(folded)
            focus[folded] = max(focus.get(folded, 0.0), weight)
    return focus, new, rejected - set(focus), every


def read_answer(expected: ExpectedAnswer, text: str) -> Reading:
    """Return what an answer to a question says."""
    answer = cut_segments(text)
    values, moments = _read_values(expected, answer)
    focus, new, rejected, every = _read_focus(expected, answer)
    is_truth = expected.kind == TRUTH
    codes = [segment.text for segment in answer.segments if segment.kind == CODE]
    codes += [segment.text[a:b] for segment in answer.segments for a, b in segment.code]
    return Reading(
        text=answer,
        refusal=measure_refusal(answer.plain),
        no_verdict=measure_no_verdict(answer.plain),
        polarity=read_polarity(
            answer, asks_bad=expected.asks_bad, is_negated=is_truth and expected.is_negated
        ),
        choice=read_choice(answer, expected.options, is_lettered=expected.is_lettered)
        if expected.options
        else None,
        values=tuple(values),
        moments=tuple(moments),
        items=tuple(read_items(answer, expected.words)),
        focus=focus,
        new_words=frozenset(new),
        rejected_words=frozenset(rejected),
        all_words=frozenset(every),
        codes=tuple(re.sub(r"\s+", " ", code).strip() for code in codes if code.strip()),
    )
