"""Finds the quantities that a sentence mentions, in one unit of their dimension, and compares them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from aggregator.pipeline.agreement.readers.numerals import (
    ENGLISH,
    NATIVE,
    NUMBER,
    SINO,
    Numeral,
    read_english,
    read_korean,
    read_native,
    read_number,
    read_part,
)
from aggregator.pipeline.agreement.readers.units import (
    COUNTER_PATTERN,
    PREFIX_UNITS,
    UNIT_PATTERN,
    Unit,
    find_unit,
)

PLAIN = "plain"
_UNIT = re.compile(rf"\s?-?(?:{UNIT_PATTERN})")
_COUNTER = re.compile(rf"\s?({COUNTER_PATTERN})")
_PREFIX = re.compile(r"(US\$|[$₩€£¥])\s?$")
_APPROXIMATE = re.compile(
    r"(?:약|대략|거의|한|≈|~|about|around|roughly|approximately|approx\.?|nearly|almost|circa|some)\s?$", re.I
)
_ROUGH_AFTER = re.compile(r"^\s?(?:정도|쯤|가량|내외|남짓|or so|ish|-ish)", re.I)
_AFTER_UNIT_HALF = re.compile(r"^\s?반(?![가-힣])|^\s?반(?=이|을|은|정|쯤|입|예|이에|걸)")
_KOREAN_FRACTION = re.compile(rf"(\d+|{SINO})\s?분의\s?(\d+|{SINO})")
_HALF = re.compile(r"절반|(?<![가-힣])반(?=\s?(?:컵|시간|개|잔|스푼|마리|값|년|달))")
_WORD_FRACTION = re.compile(
    r"\b(?:(one|two|three|a|an)[\s-])?(half|halves|thirds?|quarters?|fifths?)\b(?!\s+(?:past|to)\b)", re.I
)
_AND_HALF = re.compile(r"^\s?and\s+(?:a\s+|one\s+)?(half|quarter|third)\b", re.I)
_HALF_A_UNIT = re.compile(r"^(?:\s+of)?\s+an?\s", re.I)
_A_UNIT = re.compile(
    r"\b(?:an?)\s+(?=(?:hour|minute|day|week|month|year|mile|dozen|kilo|liter|litre|cup|pound)\b)", re.I
)
_SCALE = re.compile(r"(섭씨|화씨|영하)\s?(?:약\s?)?-?$")
_SINO_WORD = re.compile(rf"(?<![가-힣\d]){SINO}")
_NATIVE_WORD = re.compile(rf"(?<![가-힣])(?:{NATIVE})")
_ENGLISH_WORD = re.compile(ENGLISH, re.I)
_LATIN_WORD = re.compile(r"[A-Za-z]{3}")
_WHOLE = re.compile(r"\s*(?:입니다|이에요|예요|이야|야|요|임)?[.!\s]*")
# Syllables that are words of their own before what looks like a unit.
_AMBIGUOUS = {
    "영",
    "공",
    "일",
    "이",
    "사",
    "오",
    "구",
    "만",
    "천",
    "조",
    "십",
    "이사",
    "사이",
    "일이",
    "오이",
    "구조",
    "만일",
}
_RANGE = re.compile(r"^\s?(?:~|-|–|to|에서|부터|내지|and)\s?$", re.I)
_LETTER_BEFORE = re.compile(r"[A-Za-z_#]-?$")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in the first unit of its dimension, where it stands, and how exactly it is written."""

    value: float
    step: float
    dimension: str
    unit: str
    start: int
    end: int
    is_approximate: bool = False
    high: float | None = None
    factor: float = 1.0

    @property
    def written(self) -> float:
        """Return the number as it is written, in its own unit."""
        return self.value / self.factor


def _make(numeral: Numeral, unit: Unit | None, counter: str, start: int, end: int) -> Quantity:
    factor = unit.factor if unit else 1.0
    return Quantity(
        float(numeral.value) * factor,
        float(numeral.step) * factor,
        unit.dimension if unit else PLAIN,
        unit.name if unit else counter,
        start,
        end,
        factor=factor,
    )


def _add_unit(text: str, numeral: Numeral, start: int, end: int) -> Quantity | None:
    """Attach the unit before or after a number; None where a letter before shows that it is a name."""
    prefix = _PREFIX.search(text, max(0, start - 5), start)
    if prefix is None and _LETTER_BEFORE.search(text, max(0, start - 2), start):
        return None
    if prefix:
        quantity = _make(numeral, PREFIX_UNITS[prefix[1]], "", prefix.start(), end)
    elif (found := _UNIT.match(text, end + _skip_article(text, end))) and (
        unit := find_unit(found[0].strip(" -"))
    ):
        quantity = _make(numeral, unit, "", start, found.end())
        half = _AFTER_UNIT_HALF.match(text[found.end() : found.end() + 4])
        if half:
            quantity = replace(
                quantity, value=quantity.value + unit.factor / 2, end=quantity.end + half.end()
            )
        elif more := _AND_HALF.match(text[found.end() : found.end() + 16]):
            part = float(read_part(more[1]) or 0)
            quantity = replace(
                quantity, value=quantity.value + unit.factor * part, end=quantity.end + more.end()
            )
    elif counter := _COUNTER.match(text, end):
        quantity = _make(numeral, None, counter[1], start, counter.end())
    else:
        quantity = _make(numeral, None, "", start, end)
    if quantity.unit == "도" and (scale := _SCALE.search(text, max(0, start - 8), start)):
        quantity = _scale_temperature(quantity, scale[1])
    rough = _APPROXIMATE.search(text, max(0, quantity.start - 16), quantity.start)
    rough = rough or _ROUGH_AFTER.match(text[quantity.end : quantity.end + 8])
    return replace(quantity, is_approximate=bool(rough))


def _scale_temperature(quantity: Quantity, scale: str) -> Quantity:
    if scale == "영하":
        return replace(quantity, value=-abs(quantity.value))
    return replace(quantity, dimension="celsius" if scale == "섭씨" else "fahrenheit")


def _skip_article(text: str, end: int) -> int:
    """Return the length of "an" in "half an hour"."""
    article = _HALF_A_UNIT.match(text[end : end + 8])
    return article.end() - 1 if article else 0


def _find_words(text: str) -> Iterator[tuple[Numeral, int, int]]:
    """Yield the numbers spelled in words, where a unit or the end of the text shows that they are."""
    for found in _KOREAN_FRACTION.finditer(text):
        below, above = (_read_whole(part) for part in found.groups())
        if below and above is not None:
            yield Numeral(Fraction(above) / below, Fraction(0)), *found.span()
    for found in _HALF.finditer(text):
        yield Numeral(Fraction(1, 2), Fraction(0)), *found.span()
    yield from _find_sino(text)
    for found in _NATIVE_WORD.finditer(text):
        numeral = read_native(found[0])
        if numeral and _is_counted(text, found.start(), found.end()):
            yield numeral, *found.span()
    if _LATIN_WORD.search(text):
        yield from _find_english(text)


def _find_english(text: str) -> Iterator[tuple[Numeral, int, int]]:
    for found in _WORD_FRACTION.finditer(text):
        count = {"two": 2, "three": 3}.get((found[1] or "").casefold(), 1)
        if part := read_part(found[2]):
            yield Numeral(part * count, Fraction(0)), *found.span()
    for found in _A_UNIT.finditer(text):
        yield Numeral(Fraction(1), Fraction(1)), found.start(), found.end() - 1
    for found in _ENGLISH_WORD.finditer(text):
        numeral = read_english(found[0])
        is_pronoun = found[0].casefold() == "one" and not _UNIT.match(text, found.end())
        if numeral and not is_pronoun:
            more = _AND_HALF.match(text[found.end() : found.end() + 16])
            part = (read_part(more[1]) if more else None) or Fraction(0)
            end = found.end() + (more.end() if more else 0)
            yield Numeral(numeral.value + part, numeral.step), found.start(), end


def _find_sino(text: str) -> Iterator[tuple[Numeral, int, int]]:
    for found in _SINO_WORD.finditer(text):
        # The last syllable of "삼백육십오일" is the unit, not the digit one.
        for cut in (0, 1):
            end = found.end() - cut
            numeral = read_korean(text[found.start() : end]) if end > found.start() else None
            if numeral and _is_counted(text, found.start(), end):
                yield numeral, found.start(), end
                break


def _read_whole(text: str) -> int | None:
    if text.isdigit():
        return int(text)
    numeral = read_korean(text)
    return int(numeral.value) if numeral else None


def _is_counted(text: str, start: int, end: int) -> bool:
    """Return whether a spelled Korean number is one: a unit follows, or it is the whole text."""
    rest, word = text[end:], text[start:end]
    if not text[:start].strip() and _WHOLE.fullmatch(rest):
        return True
    if word in _AMBIGUOUS:
        return False
    return bool(_UNIT.match(rest) or _COUNTER.match(rest))


def _join_compounds(text: str, quantities: Sequence[Quantity]) -> list[Quantity]:
    """Join "1시간 30분" and "5 feet 10 inches" into one quantity, and "10~15분" into a range."""
    joined: list[Quantity] = []
    for quantity in quantities:
        last = joined[-1] if joined else None
        between = text[last.end : quantity.start] if last else ""
        is_same = last is not None and last.dimension == quantity.dimension and last.dimension != PLAIN
        if (
            last
            and is_same
            and quantity.factor < last.factor
            and re.fullmatch(r"\s?(?:,|and|하고|과)?\s?", between)
        ):
            joined[-1] = replace(
                last,
                value=last.value + quantity.value,
                step=quantity.step,
                end=quantity.end,
                factor=last.factor,
            )
        elif last and last.high is None and _RANGE.match(between) and _is_range(last, quantity):
            factor = quantity.factor if last.dimension == PLAIN else 1.0
            joined[-1] = replace(
                quantity,
                value=last.value * factor,
                high=quantity.value,
                start=last.start,
                is_approximate=True,
            )
        else:
            joined.append(quantity)
    return joined


def _is_range(low: Quantity, high: Quantity) -> bool:
    if low.dimension not in {PLAIN, high.dimension}:
        return False
    factor = high.factor if low.dimension == PLAIN else 1.0
    return 0 <= low.value * factor < high.value


def find_quantities(text: str, taken: Sequence[tuple[int, int]] = ()) -> list[Quantity]:
    """Return the quantities of a sentence in order, without those in `taken` spans (dates and times)."""
    found: list[tuple[Numeral, int, int]] = []
    for match in NUMBER.finditer(text):
        numeral = read_number(match)
        if numeral:
            found.append((numeral, *match.span()))
            more = _AND_HALF.match(text[match.end() : match.end() + 16])
            if more and (part := read_part(more[1])):
                found[-1] = (
                    Numeral(numeral.value + part, numeral.step),
                    match.start(),
                    match.end() + more.end(),
                )
    found.extend(_find_words(text))
    found.sort(key=lambda row: (row[1], -row[2]))
    quantities: list[Quantity] = []
    for numeral, start, end in found:
        if quantities and start < quantities[-1].end:
            continue
        if any(first < end and start < last for first, last in taken):
            continue
        quantity = _add_unit(text, numeral, start, end)
        if quantity:
            quantities.append(quantity)
    return _join_compounds(text, quantities)


_LOOSE = {"celsius", "degree"}


def comparable(one: Quantity, other: Quantity) -> bool:
    """Return whether two quantities are of one dimension, or one of them has none."""
    dimensions = {one.dimension, other.dimension}
    return (
        len(dimensions) == 1
        or PLAIN in dimensions
        or ("degree" in dimensions and bool(dimensions & {"celsius", "fahrenheit"}))
    )


def _list_values(one: Quantity, other: Quantity) -> list[tuple[float, float, float]]:
    """Return the pairs of values to compare, with the larger of their steps."""
    if one.dimension == other.dimension:
        return [(one.value, other.value, max(one.step, other.step))]
    if {one.dimension, other.dimension} == {"celsius", "fahrenheit"}:
        in_celsius = [q.value if q.dimension == "celsius" else (q.value - 32) / 1.8 for q in (one, other)]
        return [(in_celsius[0], in_celsius[1], max(one.step, other.step))]
    step = max(one.step / one.factor, other.step / other.factor)
    pairs = [(one.written, other.written, step)]
    if "ratio" in {one.dimension, other.dimension}:
        pairs.append((one.value, other.value, max(one.step, other.step)))
    return pairs


def _round_step(value: float, step: float, *, is_approximate: bool) -> float:
    """Return the step to which an approximate number is given: about 1,200 is given to a hundred."""
    if not is_approximate or value == 0 or step <= 0:
        return step
    count = round(abs(value) / step)
    while count and count % 10 == 0:
        step, count = step * 10, count // 10
    return step


def are_equal(one: Quantity, other: Quantity) -> bool:
    """Return whether two quantities have the same value, however they are spelled."""
    if not comparable(one, other) and {one.dimension, other.dimension} != {"celsius", "fahrenheit"}:
        return False
    if (one.high is None) != (other.high is None):
        return False
    if one.high is not None and other.high is not None and abs(one.high - other.high) > 1e-6 * abs(one.high):
        return False
    return any(abs(a - b) <= 1e-6 * max(abs(a), abs(b), 1e-9) for a, b, _ in _list_values(one, other))


def rounds_to(one: Quantity, other: Quantity) -> bool:
    """Return whether one of two quantities is the other one rounded."""
    if one.high is not None or other.high is not None:
        return False
    if not comparable(one, other) and {one.dimension, other.dimension} != {"celsius", "fahrenheit"}:
        return False
    steps = [
        _round_step(q.value, q.step, is_approximate=q.is_approximate) / (q.factor or 1.0)
        for q in (one, other)
    ]
    for a, b, step in _list_values(one, other):
        widest = step
        if one.dimension == other.dimension:
            widest = max(steps[0] * one.factor, steps[1] * other.factor, step)
        if abs(a - b) <= 0.5 * widest * 1.001 and abs(a - b) <= 0.12 * max(abs(a), abs(b)):
            return True
    return False


def within_range(one: Quantity, other: Quantity) -> bool:
    """Return whether one quantity is a range that holds the other one."""
    for spread, single in ((one, other), (other, one)):
        if spread.high is not None and single.high is None and spread.dimension == single.dimension:
            return spread.value * 0.999 <= single.value <= spread.high * 1.001
    return False


def relative_gap(one: Quantity, other: Quantity) -> float:
    """Return how far two comparable quantities are apart, as a share of the larger one."""
    return min(abs(a - b) / max(abs(a), abs(b), 1e-9) for a, b, _ in _list_values(one, other))
