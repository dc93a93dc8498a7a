"""Finds numbers that are spelled in words, where what follows shows that they are numbers."""

import re
from collections.abc import Iterator

from aggregator.pipeline.agreement.readers.numerals import (
    ENGLISH,
    NATIVE,
    SINO,
    Numeral,
    read_english,
    read_korean,
    read_native,
    read_part,
)
from aggregator.pipeline.agreement.readers.units import COUNTER_PATTERN, UNIT_PATTERN
from language.particles import split_words

UNIT = re.compile(rf"\s?-?(?:{UNIT_PATTERN})")
COUNTER = re.compile(rf"\s?({COUNTER_PATTERN})")
AND_HALF = re.compile(r"^\s?and\s+(?:a\s+|one\s+)?(half|quarter|third)\b", re.I)
_KOREAN_FRACTION = re.compile(rf"(\d+|{SINO})\s?분의\s?(\d+|{SINO})")
_HALF = re.compile(r"절반|(?<![가-힣])반(?=\s?(?:컵|시간|개|잔|스푼|마리|값|년|달))")
_WORD_FRACTION = re.compile(
    r"\b(?:(one|two|three|a|an)[\s-])?(half|halves|thirds?|quarters?|fifths?)\b(?!\s+(?:past|to)\b)", re.I
)
_A_UNIT = re.compile(
    r"\b(?:an?)\s+(?=(?:hour|minute|day|week|month|year|mile|dozen|kilo|liter|litre|cup|pound)\b)", re.I
)
_SINO_WORD = re.compile(rf"(?<![가-힣\d]){SINO}(?:(?<=[만억조])\s{SINO})*")
_SINO_POINT = re.compile(rf"({SINO})\s?점\s?([영공일이삼사오육칠팔구]+)(?=\s?[가-힣]{{0,3}}(?:\s|[.!]|$))")
_NATIVE_WORD = re.compile(rf"(?<![가-힣])(?:{NATIVE})")
_ENGLISH_WORD = re.compile(ENGLISH, re.I)
_WHOLE = re.compile(r"\s*(?:입니다|이에요|예요|이야|야|요|임)?[.!\s]*")
# Syllables that are words of their own before what looks like a unit.
_AMBIGUOUS = set(split_words("영 공 일 이 사 오 구 만 천 조 십 이사 사이 일이 오이 구조 만일"))
_BIG = {"만", "천", "십", "조"}
# Numbers of two syllables that are also names or nouns: 이천, 오만.
_AMBIGUOUS_PAIRS = set(split_words("이천 사천 오천 이만 오만 구만 이조 오조"))
_COPULA_AFTER = re.compile(r"(?:입니다|이에요|예요|이야|이다|이죠|이네요|이요|임)(?![가-힣])")
# The last syllable of "삼백이에요" is the copula.
_ENDS_IN_COPULA = re.compile(r"[십백천만억]이(?:에요|요|야|죠|네요|다|고|니)(?![가-힣])")
_SINO_LETTERS = "영공일이삼사오육칠팔구십백천만억조"
_AFTER_NATIVE = re.compile(
    r"^\s?(?:입니다|이에요|예요|이야|이다|임|이요|이고|이죠|이니"
    r"|이[ .,]|가[ .,]|을[ .,]|를[ .,]|은[ .,]|로|으로|씩|살|명|개"
    r"|$|[.,!?])"
)


def find_korean_numbers(text: str) -> Iterator[tuple[Numeral, int, int]]:
    """Yield the numbers in Korean words, where a unit or the end of the text shows that they are."""
    for found in _KOREAN_FRACTION.finditer(text) if "분의" in text else ():
        below, above = (_read_whole(part) for part in found.groups())
        if below and above is not None:
            yield Numeral(above / below, float(0)), *found.span()
    for found in _HALF.finditer(text) if "반" in text else ():
        yield Numeral(0.5, float(0)), *found.span()
    yield from _find_sino(text)
    for found in _NATIVE_WORD.finditer(text):
        numeral = read_native(found[0])
        if numeral and _is_counted(text, found.start(), found.end()):
            yield numeral, *found.span()


def _find_sino(text: str) -> Iterator[tuple[Numeral, int, int]]:
    for found in _SINO_POINT.finditer(text):
        above, below = (_read_whole(part) for part in found.groups())
        if above is not None and below is not None:
            decimals = len(found[2])
            yield Numeral(above + below / 10**decimals, 1 / 10**decimals), *found.span()
    for found in _SINO_WORD.finditer(text):
        # The last syllable of "삼백육십오일" is the unit, not the digit one.
        for cut in (1, 0) if _ENDS_IN_COPULA.match(text, found.end() - 2) else (0, 1):
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
    if (
        len(word) >= 2
        and word not in _AMBIGUOUS
        and word[-1] not in _SINO_LETTERS
        and _AFTER_NATIVE.match(rest)
    ):
        return True
    if _is_long_sino(word) and _COPULA_AFTER.match(rest):
        return True
    if not text[:start].strip() and _WHOLE.fullmatch(rest):
        return True
    if word in _AMBIGUOUS:
        return word in _BIG and bool(UNIT.match(rest))
    return bool(UNIT.match(rest) or COUNTER.match(rest))


def _is_long_sino(word: str) -> bool:
    """Return whether Sino-Korean digits and powers can hardly be a noun: 오십, 오천오십."""
    return len(word) >= 2 and word not in _AMBIGUOUS_PAIRS and any(sign in word[1:] for sign in "십백천만억")


def find_english_numbers(text: str) -> Iterator[tuple[Numeral, int, int]]:
    """Yield the numbers in English words with their spans; "one" counts only before a unit."""
    for found in _WORD_FRACTION.finditer(text):
        count = {"two": 2, "three": 3}.get((found[1] or "").casefold(), 1)
        if part := read_part(found[2]):
            yield Numeral(part * count, float(0)), *found.span()
    for found in _A_UNIT.finditer(text):
        yield Numeral(float(1), float(1)), found.start(), found.end() - 1
    for found in _ENGLISH_WORD.finditer(text):
        numeral = read_english(found[0])
        more = AND_HALF.match(text[found.end() : found.end() + 16])
        is_pronoun = found[0].casefold() == "one" and not more and not UNIT.match(text, found.end())
        if numeral and not is_pronoun:
            part = (read_part(more[1]) if more else None) or float(0)
            end = found.end() + (more.end() if more else 0)
            yield Numeral(numeral.value + part, numeral.step), found.start(), end
