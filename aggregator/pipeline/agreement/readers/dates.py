"""Finds dates and times of day in any form, partial ones too, and compares what two of them fix."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from aggregator.pipeline.agreement.readers.numerals import (
    ENGLISH_ONES,
    NATIVE,
    SINO,
    read_korean,
    read_native,
)

_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH_NUMBERS = {name[:3]: number for number, name in enumerate(_MONTHS, 1)}
_MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_WEEKDAYS = {name: number for number, name in enumerate("월화수목금토일")}
_ENGLISH_WEEKDAYS = {
    name: number for number, name in enumerate(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])
}
# Holidays with a fixed date, which people name in place of the date.
_HOLIDAYS = {
    "삼일절": (3, 1), "3·1절": (3, 1), "3.1절": (3, 1), "식목일": (4, 5), "어린이날": (5, 5),
    "어버이날": (5, 8), "스승의 날": (5, 15), "현충일": (6, 6), "제헌절": (7, 17), "광복절": (8, 15),
    "개천절": (10, 3), "한글날": (10, 9),
    "크리스마스이브": (12, 24), "크리스마스 이브": (12, 24), "christmas eve": (12, 24),
    "크리스마스": (12, 25), "성탄절": (12, 25), "christmas day": (12, 25), "christmas": (12, 25),
    "새해 첫날": (1, 1), "신정": (1, 1), "new year's day": (1, 1), "new year's eve": (12, 31),
    "밸런타인데이": (2, 14), "발렌타인데이": (2, 14), "valentine's day": (2, 14), "화이트데이": (3, 14),
    "만우절": (4, 1), "april fools' day": (4, 1), "halloween": (10, 31), "핼러윈": (10, 31),
    "할로윈": (10, 31),
    "빼빼로데이": (11, 11),
}  # fmt: skip
_KOREAN_NUMBER = rf"\d{{1,2}}|(?:{SINO})"
_YEAR = (
    r"(?<!\d)(?:(기원전|b\.?c\.?)\s?)?(\d{1,4})\s?년(?!\s?(?:간|동안|만|정도|쯤 걸|차|전|후|뒤|짜리|생|반"
    r"|된"
    r"|째"
    r"|이상"
    r"|이하"
    r"|형))"
)
_PATTERNS: dict[str, re.Pattern[str]] = {
    "ymd": re.compile(r"(?<![\d.])(\d{4})\s?[-./]\s?(\d{1,2})\s?[-./]\s?(\d{1,2})(?![\d])"),
    "short_ymd": re.compile(r"(?<![\d.])(\d{2})\.\s?(\d{1,2})\.\s?(\d{1,2})(?![\d.])"),
    "slashed": re.compile(r"(?<![\d./])(\d{1,2})/(\d{1,2})(?:/(\d{2}))?(?![\d/])"),
    "dmy": re.compile(r"(?<![\d./])(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?!\d)"),
    "korean": re.compile(
        rf"(?:(?<!\d)(?P<year>\d{{2,4}})\s?년\s?)?(?<![\d가-힣])(?P<month>{_KOREAN_NUMBER}|유|시)\s?월(?!요일|급|세|드컵)"
        rf"(?:\s?(?P<day>{_KOREAN_NUMBER})\s?일)?"
    ),
    "year": re.compile(_YEAR, re.I),
    "month_day": re.compile(rf"\b{_MONTH}\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(\d{{4}})\b)?", re.I),
    "day_month": re.compile(
        rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}(?:,?\s+(\d{{4}})\b)?", re.I
    ),
    "month_year": re.compile(rf"\b{_MONTH}(?:\s+of)?,?\s+(\d{{4}})\b", re.I),
    "bare_year": re.compile(
        r"(?<![\d,.$₩-])(1[0-9]{3}|20[0-9]{2})(?![\d,]|\.\d|\s?(?:원|달러|개|명|m|km|g|kg|kcal|시간|분|ml|won|dollars|points|people|calories|steps|미터|킬로|번|쪽|페이지|%|퍼센트)|\s?[×x*+/=-]\s?\d)"
    ),
    "day": re.compile(
        r"(?<![\d가-힣.])(\d{1,2})\s?일(?!\s?(?:간|동안|정도|치|분|만에|차|전|후|뒤|이내|째|이상|걸|곱))"
    ),
    "ordinal": re.compile(r"\bthe\s+(\d{1,2})(?:st|nd|rd|th)\b(?!\s+century)", re.I),
    "month": re.compile(rf"\b(?:in|of|by|until|since|is|around|late|early|mid)[\s-]+{_MONTH}(?!\s+\d)", re.I),
    "weekday": re.compile(r"([월화수목금토일])(?:요일|욜)"),
    "english_weekday": re.compile(r"\b(mon|tue|wed|thu|fri|sat|sun)(?:s|nes|rs|ur|day)?(?:day)?s?\b", re.I),
    "century": re.compile(r"(\d{1,2})\s?세기|\b(\d{1,2})(?:st|nd|rd|th)\s+century", re.I),
}
_CLOCK: dict[str, re.Pattern[str]] = {
    "digital": re.compile(
        r"(?P<half>오전|오후|새벽|아침|낮|저녁|밤|am|pm)?\s?(?<![\d:])(?P<hour>\d{1,2}):(?P<minute>[0-5]\d)(?!:?\d)\s?(?P<after>a\.?m\.?|p\.?m\.?)?",
        re.I,
    ),
    "korean_clock": re.compile(
        rf"(?P<half>오전|오후|새벽|아침|낮|저녁|밤)?\s?(?<![\d가-힣])(?P<hour>\d{{1,2}}|{NATIVE})\s?시(?![간장작험도민내외대기스])"
        rf"(?:\s?(?P<minute>\d{{1,2}}|{SINO})\s?분|\s?(?P<thirty>반))?"
    ),
    "english": re.compile(r"(?<![\d:.])(?P<hour>\d{1,2})\s?(?P<after>a\.?m\b\.?|p\.?m\b\.?|o'clock)", re.I),
    "past": re.compile(
        r"\b(?P<part>half|quarter|\d{1,2})\s+(?:minutes\s+)?(?P<way>past|to|after|before)\s+(?P<hour>\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b",
        re.I,
    ),
    "named": re.compile(r"정오|자정|\bnoon\b|\bmidnight\b|\bmidday\b", re.I),
}
_DIGIT = re.compile(r"\d")
_LATIN_LETTERS = re.compile(r"[A-Za-z]{2}")
# A pattern is tried only on a text that holds one of its marks (and a digit, where it needs one).
_MARKS = {
    "ymd": "-./", "short_ymd": ".", "slashed": "/", "dmy": "/.", "korean": "월", "year": "년", "day": "일",
    "weekday": "요욜", "digital": ":", "korean_clock": "시",
}  # fmt: skip
_LATIN = {
    "month_day", "day_month", "month_year", "ordinal", "month", "english_weekday", "english", "past",
    "century",
}  # fmt: skip
_NEED_DIGITS = {
    "ymd", "short_ymd", "slashed", "dmy", "year", "month_day", "day_month", "month_year", "bare_year", "day",
    "ordinal", "century", "digital", "english",
}  # fmt: skip
_ONLY_DATES = {"short_ymd", "slashed"}
_HOLIDAY = re.compile("|".join(re.escape(name) for name in sorted(_HOLIDAYS, key=len, reverse=True)), re.I)


_FIELDS = ("year", "month", "day", "weekday", "century", "clock")


@dataclass(frozen=True, slots=True)
class Moment:
    """What a date or time fixes, None where it says nothing; `clock` is minutes of the (half) day."""

    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None
    century: int | None = None
    clock: int | None = None
    is_half_known: bool = True

    @property
    def fixed(self) -> frozenset[str]:
        """Return the names of the fields that are fixed."""
        return frozenset(name for name in _FIELDS if getattr(self, name) is not None)


@dataclass(frozen=True, slots=True)
class Mention:
    """A moment and where it stands."""

    moment: Moment
    start: int
    end: int


def _month_number(name: str) -> int | None:
    return _MONTH_NUMBERS.get(name[:3].casefold())


def _korean_number(text: str | None) -> int | None:
    if text is None:
        return None
    if text.isdigit():
        return int(text)
    numeral = {"유": None, "시": None}.get(text, read_korean(text)) if text not in "유시" else None
    return {"유": 6, "시": 10}.get(text) or (int(numeral.value) if numeral else None)


def _year(text: str | None, *, is_before: bool = False) -> int | None:
    if not text:
        return None
    year = int(text)
    year += (2000 if year < 50 else 1900) if len(text) == 2 else 0
    return -year if is_before else year


_READERS: dict[str, Callable[[re.Match[str]], Moment]] = {
    "ymd": lambda m: Moment(int(m[1]), int(m[2]), int(m[3])),
    "short_ymd": lambda m: Moment(_year(m[1]), int(m[2]), int(m[3])),
    "slashed": lambda m: Moment(_year(m[3]), int(m[1]), int(m[2])),
    "dmy": lambda m: Moment(
        int(m[3]),
        *(
            (int(m[1]), int(m[2]))
            if int(m[2]) > 12
            else (int(m[2]), int(m[1]))
            if int(m[1]) > 12
            else (None, None)
        ),
    ),
    "korean": lambda m: Moment(_year(m["year"]), _korean_number(m["month"]), _korean_number(m["day"])),
    "year": lambda m: Moment(_year(m[2], is_before=bool(m[1]))),
    "month_day": lambda m: Moment(_year(m[3]), _month_number(m[1]), int(m[2])),
    "day_month": lambda m: Moment(_year(m[3]), _month_number(m[2]), int(m[1])),
    "month_year": lambda m: Moment(int(m[2]), _month_number(m[1])),
    "bare_year": lambda m: Moment(int(m[1])),
    "day": lambda m: Moment(day=int(m[1])),
    "ordinal": lambda m: Moment(day=int(m[1])),
    "month": lambda m: Moment(month=_month_number(m[1])),
    "weekday": lambda m: Moment(weekday=_WEEKDAYS[m[1]]),
    "english_weekday": lambda m: Moment(weekday=_ENGLISH_WEEKDAYS[m[1].casefold()]),
    "century": lambda m: Moment(century=int(m[1] or m[2])),
}


def _read_clock(found: re.Match[str], name: str) -> Moment | None:
    parts = found.groupdict()
    if name == "named":
        return Moment(clock=720 if found[0].casefold() in {"정오", "noon", "midday"} else 0)
    hour_text = parts["hour"].casefold()
    if hour_text in ENGLISH_ONES:
        hour = ENGLISH_ONES[hour_text]
    elif hour_text.isdigit():
        hour = int(hour_text)
    else:
        numeral = read_native(hour_text)
        hour = int(numeral.value) if numeral else 99
    if name == "past":
        shift = {"half": 30, "quarter": 15}.get(parts["part"].casefold()) or int(
            parts["part"] if parts["part"].isdigit() else 0
        )
        minutes = shift if parts["way"].casefold() in {"past", "after"} else -shift
        return Moment(clock=(hour * 60 + minutes) % 720, is_half_known=False)
    half = (parts.get("half") or parts.get("after") or "").casefold().replace(".", "")
    if name == "digital" and hour_text.startswith("0"):
        half = half or "am"
    minute = 30 if parts.get("thirty") else _korean_number(parts.get("minute")) or 0
    if hour > 24 or minute > 59:
        return None
    return _place_in_day(hour, minute, half)


def _place_in_day(hour: int, minute: int, half: str) -> Moment:
    if hour > 12 or hour == 0:
        return Moment(clock=(hour % 24) * 60 + minute)
    if half in {"오후", "저녁", "pm", "낮"} or (half == "밤" and 6 <= hour < 12):
        # "낮 11시" is before noon.
        is_morning = half == "낮" and hour in {10, 11}
        return Moment(clock=(hour % 12) * 60 + minute + (0 if is_morning else 720))
    if half in {"오전", "새벽", "아침", "am", "밤", "0"}:
        return Moment(clock=(hour % 12) * 60 + minute)
    return Moment(clock=(hour % 12) * 60 + minute, is_half_known=False)


def _may_hold(name: str, text: str, *, has_digit: bool, has_latin: bool) -> bool:
    """Return whether a text can hold a pattern: cheap checks before the expensive search."""
    if name in _NEED_DIGITS and not has_digit:
        return False
    if name in _LATIN and not has_latin:
        return name == "century" and "세기" in text
    marks = _MARKS.get(name)
    return marks is None or any(mark in text for mark in marks)


def _find_all(text: str, *, is_date: bool) -> Iterator[Mention]:
    has_digit, has_latin = bool(_DIGIT.search(text)), bool(_LATIN_LETTERS.search(text))
    for found in _HOLIDAY.finditer(text):
        month, day = _HOLIDAYS[found[0].casefold()]
        yield Mention(Moment(month=month, day=day), *found.span())
    for name, pattern in (*_PATTERNS.items(), *_CLOCK.items()):
        if name in _ONLY_DATES and not is_date:
            continue
        if not _may_hold(name, text, has_digit=has_digit, has_latin=has_latin):
            continue
        for found in pattern.finditer(text):
            moment = _READERS[name](found) if name in _READERS else _read_clock(found, name)
            if moment and _is_possible(moment):
                yield Mention(moment, *found.span())


def _is_possible(moment: Moment) -> bool:
    if not moment.fixed:
        return False
    return not (moment.month is not None and not 1 <= moment.month <= 12) and not (
        moment.day is not None and not 1 <= moment.day <= 31
    )


_HAS_DATE = re.compile(
    r"\d|[월일]|시|욜|정오|자정|noon|midnight|day|past|절|데이|크리스마스|christmas|halloween|january|february|march|april|may|june|july|august|september|october|november|december|핼러윈|할로윈|신정",
    re.I,
)


def find_moments(text: str, *, is_date: bool = False) -> list[Mention]:
    """Return the dates and times of a sentence in order; adjacent parts of one date are joined.

    `is_date` is true where a date is expected: 9/29 is one then, and no fraction.
    """
    return list(_find_moments(text, is_date=is_date))


# The sentences of an answer that is being written are read again with each comparison.
@lru_cache(maxsize=1024)
def _find_moments(text: str, *, is_date: bool) -> tuple[Mention, ...]:
    if not _HAS_DATE.search(text):
        return ()
    found = sorted(_find_all(text, is_date=is_date), key=lambda each: (each.start, -each.end))
    mentions: list[Mention] = []
    for mention in found:
        if mentions and mention.start < mentions[-1].end:
            continue
        if mentions and _continues(
            text[mentions[-1].end : mention.start], mentions[-1].moment, mention.moment
        ):
            mentions[-1] = Mention(
                _merge(mentions[-1].moment, mention.moment), mentions[-1].start, mention.end
            )
        else:
            mentions.append(mention)
    return tuple(mentions)


def _continues(between: str, one: Moment, other: Moment) -> bool:
    return (
        bool(re.fullmatch(r"[\s,(·]*(?:at\s|on\s|의\s|of\s)?[\s,(]*", between))
        and not one.fixed & other.fixed
    )


def _merge(one: Moment, other: Moment) -> Moment:
    values = {
        name: getattr(one, name) if getattr(one, name) is not None else getattr(other, name)
        for name in ("year", "month", "day", "weekday", "century", "clock")
    }
    half = one.is_half_known if one.clock is not None else other.is_half_known
    return Moment(**values, is_half_known=half)


def _same_clock(one: Moment, other: Moment) -> bool:
    if one.clock is None or other.clock is None:
        return False
    if one.is_half_known and other.is_half_known:
        return one.clock == other.clock
    return one.clock % 720 == other.clock % 720


def shared_fields(one: Moment, other: Moment) -> frozenset[str]:
    """Return the fields that both fix to the same value."""
    return frozenset(name for name in one.fixed & other.fixed if _equal_field(one, other, name))


def conflicting_fields(one: Moment, other: Moment) -> frozenset[str]:
    """Return the fields that the two fix to different values."""
    return frozenset(name for name in one.fixed & other.fixed if not _equal_field(one, other, name))


def _equal_field(one: Moment, other: Moment, name: str) -> bool:
    return _same_clock(one, other) if name == "clock" else bool(getattr(one, name) == getattr(other, name))


def measure_match(one: Moment, other: Moment, wanted: frozenset[str]) -> float:
    """Return how surely two moments are one: 0 for a conflict, less where one leaves out the day."""
    if conflicting_fields(one, other):
        return 0.0
    shared = shared_fields(one, other)
    if not shared:
        return 0.0
    if wanted and wanted <= shared:
        return 1.0
    missing = (one.fixed ^ other.fixed) & (wanted or frozenset({"day", "clock", "month"}))
    return 0.4 if missing else 1.0
