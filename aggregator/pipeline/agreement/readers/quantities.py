"""Finds the quantities that a sentence mentions, in one unit of their dimension, and compares them."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from aggregator.pipeline.agreement.readers.number_words import (
    AND_HALF,
    COUNTER,
    UNIT,
    find_english_numbers,
    find_korean_numbers,
)
from aggregator.pipeline.agreement.readers.numerals import NUMBER, Numeral, read_number, read_part
from aggregator.pipeline.agreement.readers.quantity import PLAIN, Quantity
from aggregator.pipeline.agreement.readers.units import PREFIX_UNITS, Unit, find_unit

_PREFIX = re.compile(r"(US\$|[$₩€£¥])\s?$")
_APPROXIMATE = re.compile(
    r"(?:약|대략|거의|한|≈|~|about|around|roughly|approximately|approx\.?|nearly|almost|circa|some)\s?$", re.I
)
_ROUGH_AFTER = re.compile(r"^\s?(?:정도|쯤|가량|내외|남짓|안팎|or so|ish|-ish)", re.I)
_AFTER_UNIT_HALF = re.compile(r"^\s?반(?![가-힣])|^\s?반(?=이|을|은|정|쯤|입|예|이에|걸)")
_HALF_A_UNIT = re.compile(r"^(?:\s+of)?\s+an?\s", re.I)
_SCALE = re.compile(r"(섭씨|화씨|영하)\s?(?:약\s?)?-?$")
_HANGUL = re.compile(r"[가-힣]")
_DIGIT = re.compile(r"\d")
_LATIN_WORD = re.compile(r"[A-Za-z]{3}")
_CENTIMETRES = re.compile(r"\s?\d{2}")
_DAYS = {
    "하루": 1, "이틀": 2, "사흘": 3, "나흘": 4, "닷새": 5, "엿새": 6, "이레": 7, "열흘": 10,
    "보름": 15, "일주일": 7,
}  # fmt: skip
_DAY_WORD = re.compile(rf"(?<![가-힣])(?:{'|'.join(_DAYS)})(?!에)")
_NEGATIVE = re.compile(r"(?:\bnegative|(?<!\d\s)\bminus|마이너스)\s(?:about\s)?$", re.I)
# A variable: 2x, 3n.
_LETTER_AFTER = re.compile(r"[a-z](?![a-z])(?!\s[a-z]{3})")
_SPEED = re.compile(r"(초속|분속|시속|초당|시간당|1초에|한 시간에|1시간에)\s?(?:약\s?)?$")
_SPEED_SECONDS = {
    "초속": 1.0, "초당": 1.0, "1초에": 1.0, "분속": 60.0,
    "시속": 3600.0, "시간당": 3600.0, "한 시간에": 3600.0, "1시간에": 3600.0,
}  # fmt: skip
_PI = re.compile(r"^\s?[×x*]?\s?π")
_FEET = re.compile(r"(\d)\s?['′]\s?(\d{1,2}(?:\.\d+)?)\s?(?:\"|″|''|(?=[\s).,]|$))")
_COMPOUND = re.compile(r"\s?(?:,|and|하고|과)?\s?")
_RANGE = re.compile(r"^\s?(?:~|-|–|to|에서|부터|내지|and)\s?$", re.I)
_LETTER_BEFORE = re.compile(r"[A-Za-z_#]-?$")


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
    quantity: Quantity | None
    if prefix:
        quantity = _make(numeral, PREFIX_UNITS[prefix[1]], "", prefix.start(), end)
    elif pi := _PI.match(text[end : end + 4]):
        # Many count with 3.14.
        value = numeral.value * math.pi
        return _add_unit(text, Numeral(value, abs(value) * 0.0015), start, end + pi.end())
    else:
        quantity = _add_following_unit(text, numeral, start, end)
    return _qualify(text, quantity, start) if quantity else None


def _add_following_unit(text: str, numeral: Numeral, start: int, end: int) -> Quantity | None:
    found = UNIT.match(text, end + _skip_article(text, end))
    unit = find_unit(found[0].strip(" -")) if found else None
    if found is None or unit is None:
        if counter := COUNTER.match(text, end):
            return _make(numeral, None, counter[1], start, counter.end())
        if _LETTER_AFTER.match(text, end):
            return None
        return _make(numeral, None, "", start, end)
    quantity = _make(numeral, unit, "", start, found.end())
    half = _AFTER_UNIT_HALF.match(text[found.end() : found.end() + 4])
    more = AND_HALF.match(text[found.end() : found.end() + 16])
    part = 0.5 if half else (read_part(more[1]) or 0.0) if more else 0.0
    tail = half.end() if half else more.end() if more else 0
    return replace(quantity, value=quantity.value + unit.factor * part, end=quantity.end + tail)


def _qualify(text: str, quantity: Quantity, start: int) -> Quantity:
    """Return a quantity with the scale or pace before it, and whether it is approximate."""
    if quantity.unit == "도" and (scale := _SCALE.search(text, max(0, start - 8), start)):
        quantity = _scale_temperature(quantity, scale[1])
    if quantity.dimension == "length" and (pace := _SPEED.search(text, max(0, start - 8), start)):
        quantity = _scale_speed(quantity, pace[1])
    if text[max(0, start - 2) : start].strip().endswith("±"):
        quantity = replace(quantity, value=-quantity.value, high=quantity.value)
    if quantity.value > 0 and _NEGATIVE.search(text, max(0, start - 12), start):
        quantity = replace(quantity, value=-quantity.value)
    rough = _APPROXIMATE.search(text, max(0, quantity.start - 16), quantity.start)
    rough = rough or _ROUGH_AFTER.match(text[quantity.end : quantity.end + 8])
    return replace(quantity, is_approximate=bool(rough))


def _scale_temperature(quantity: Quantity, scale: str) -> Quantity:
    if scale == "영하":
        return replace(quantity, value=-abs(quantity.value))
    return replace(quantity, dimension="celsius" if scale == "섭씨" else "fahrenheit")


def _scale_speed(quantity: Quantity, pace: str) -> Quantity:
    seconds = _SPEED_SECONDS[pace]
    return replace(
        quantity,
        value=quantity.value / seconds,
        step=quantity.step / seconds,
        dimension="speed",
        factor=quantity.factor / seconds,
    )


def _skip_article(text: str, end: int) -> int:
    """Return the length of "an" in "half an hour"."""
    article = _HALF_A_UNIT.match(text[end : end + 8])
    return article.end() - 1 if article else 0


def _find_days(text: str) -> list[Quantity]:
    """Return the native Korean words for a number of days: 하루, 이틀, 보름."""
    return [
        Quantity(_DAYS[found[0]] * 86400.0, 86400.0, "duration", "day", *found.span(), factor=86400.0)
        for found in _DAY_WORD.finditer(text)
    ]


def _join_compounds(text: str, quantities: Sequence[Quantity]) -> list[Quantity]:
    """Join "1시간 30분" and "5 feet 10 inches" into one quantity, and "10~15분" into a range."""
    joined: list[Quantity] = []
    for quantity in quantities:
        if joined and (compound := _join_pair(text, joined[-1], quantity)):
            joined[-1] = compound
        else:
            joined.append(quantity)
    return joined


def _join_pair(text: str, last: Quantity, quantity: Quantity) -> Quantity | None:
    """Return the one quantity that two neighbours write together, or None."""
    between = text[last.end : quantity.start]
    is_same = last.dimension == quantity.dimension and last.dimension != PLAIN
    if is_same and quantity.factor < last.factor and _COMPOUND.fullmatch(between):
        value = last.value + quantity.value
        return replace(last, value=value, step=quantity.step, end=quantity.end, factor=last.factor)
    if last.unit == "h" and quantity.unit == "m" and not between.strip():
        return replace(last, value=last.value + 60 * quantity.value, step=60.0, end=quantity.end)
    is_metre = last.unit == "m" and quantity.dimension == PLAIN
    if is_metre and _CENTIMETRES.fullmatch(text[last.end : quantity.end]):
        return replace(last, value=last.value + quantity.value / 100, step=0.01, end=quantity.end)
    if last.high is None and _RANGE.match(between) and _is_range(last, quantity):
        low = last.value * (quantity.factor if last.dimension == PLAIN else 1.0)
        return replace(quantity, value=low, high=quantity.value, start=last.start, is_approximate=True)
    return None


def _is_range(low: Quantity, high: Quantity) -> bool:
    if low.dimension not in {PLAIN, high.dimension}:
        return False
    factor = high.factor if low.dimension == PLAIN else 1.0
    return 0 <= low.value * factor < high.value


def _find_written(text: str) -> Iterator[tuple[Numeral, int, int]]:
    """Yield the numbers that are written with digits."""
    for match in NUMBER.finditer(text):
        numeral = read_number(match)
        if numeral is None:
            continue
        more = AND_HALF.match(text[match.end() : match.end() + 16])
        part = read_part(more[1]) if more else None
        if more and part:
            yield Numeral(numeral.value + part, numeral.step), match.start(), match.end() + more.end()
        else:
            yield numeral, *match.span()


def _find_numbers(text: str) -> list[tuple[Numeral, int, int]]:
    """Return all numbers of a text by their place, the longest first where several begin at one."""
    found = list(_find_written(text)) if _DIGIT.search(text) else []
    if _HANGUL.search(text):
        found.extend(find_korean_numbers(text))
    if _LATIN_WORD.search(text):
        found.extend(find_english_numbers(text))
    return sorted(found, key=lambda row: (row[1], -row[2]))


def _find_fixed(text: str) -> list[Quantity]:
    """Return what names its unit by itself: 5'9" and 이틀."""
    feet = _FEET.finditer(text) if "'" in text or "′" in text else ()
    fixed = [
        Quantity(
            (int(match[1]) * 12 + float(match[2])) * 0.0254,
            0.0254,
            "length",
            "ft",
            *match.span(),
            factor=0.3048,
        )
        for match in feet
    ]
    return fixed + _find_days(text)


def find_quantities(text: str, taken: Sequence[tuple[int, int]] = ()) -> list[Quantity]:
    """Return the quantities of a sentence in order, without those in `taken` spans (dates and times)."""
    return list(_find_quantities(text, tuple(taken)))


@lru_cache(maxsize=1024)
def _find_quantities(text: str, taken: tuple[tuple[int, int], ...]) -> tuple[Quantity, ...]:
    quantities = _find_fixed(text)
    taken = *taken, *((each.start, each.end) for each in quantities)
    last_end = 0
    for numeral, start, end in _find_numbers(text):
        if start < last_end or any(first < end and start < last for first, last in taken):
            continue
        quantity = _add_unit(text, numeral, start, end)
        if quantity:
            last_end = quantity.end
            quantities.append(quantity)
    quantities.sort(key=lambda each: each.start)
    return tuple(_join_compounds(text, quantities))
