"""Reads numbers as people write them: digits, 만/억, Korean and English number words, fractions, powers."""

import re
from dataclasses import dataclass

SINO_DIGITS = dict(zip("영공일이삼사오육칠팔구", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_SMALL = {"십": 10, "백": 100, "천": 1_000}
_LARGE = {"조": 10**12, "억": 10**8, "만": 10_000}
NATIVE_ONES = {
    "하나": 1, "한": 1, "둘": 2, "두": 2, "셋": 3, "세": 3, "석": 3, "넷": 4, "네": 4, "넉": 4,
    "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9,
}  # fmt: skip
NATIVE_TENS = {
    "열": 10, "스물": 20, "스무": 20, "서른": 30, "마흔": 40, "쉰": 50, "예순": 60, "일흔": 70, "여든": 80,
    "아흔": 90,
}  # fmt: skip
ENGLISH_ONES = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_ENGLISH_TENS = {
    word: 10 * value
    for value, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2
    )
}
_ENGLISH_LARGE = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_ENGLISH_WORDS = {**ENGLISH_ONES, **_ENGLISH_TENS, **_ENGLISH_LARGE, "hundred": 100, "dozen": 12}
_SUFFIXES = {
    "k": 10**3,
    "K": 10**3,
    "M": 10**6,
    "mn": 10**6,
    "bn": 10**9,
    "B": 10**9,
    **_ENGLISH_LARGE,
    "dozen": 12,
}
_CENTURIES = {16, 17, 18, 19, 20}
_PARTS = {
    "half": 2,
    "halves": 2,
    "third": 3,
    "thirds": 3,
    "quarter": 4,
    "quarters": 4,
    "fifth": 5,
    "fifths": 5,
}

# More letters, digits or words are no number that an answer gives.
_LONGEST, _MOST_WORDS = 40, 14
DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
SINO = rf"[{''.join(SINO_DIGITS)}{''.join(_SMALL)}{''.join(_LARGE)}]+"
NATIVE = rf"(?:{'|'.join(NATIVE_TENS)})(?:{'|'.join(NATIVE_ONES)})?|(?:{'|'.join(NATIVE_ONES)})"
_ENGLISH_WORD = "|".join(sorted(_ENGLISH_WORDS, key=len, reverse=True))
ENGLISH = rf"\b(?:a\s+)?(?:{_ENGLISH_WORD})(?:(?:\s+and\s+|[\s-]+)(?:{_ENGLISH_WORD}))*\b"
KOREAN_MIXED = (
    rf"{DIGITS}\s?(?:[십백천만억]|조(?!각))+(?:\s?{DIGITS}\s?(?:[십백천만억]|조(?!각))+"
    rf"|\s?[일이삼사오육칠팔구]?[십백천][일이삼사오육칠팔구십백천만]*)*(?:\s?{DIGITS}(?![\d년월일시분]))?"
)


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number and the step to which it is written: 3.1 to a tenth, 1.2만 to a thousand."""

    value: float
    step: float

    def scale(self, factor: float) -> "Numeral":
        """Return the number times a factor."""
        return Numeral(self.value * factor, self.step * abs(factor))


def _read_digits(text: str) -> Numeral:
    bare = text.replace(",", "")
    _, _, decimals = bare.partition(".")
    return Numeral(float(bare), 1 / 10 ** len(decimals))


def _read_small(text: str) -> Numeral | None:
    """Read the part of a Korean number below ten thousand: 3천5백, 이백십, 12.5."""
    total, digit, is_open, step = float(0), float(0), False, float(1)
    for token in re.findall(r"\d[\d,]*(?:\.\d+)?|.", text.replace(" ", "")):
        if token[0].isdigit():
            numeral = _read_digits(token.rstrip(","))
            digit, step, is_open = numeral.value, numeral.step, True
        elif token in SINO_DIGITS:
            if is_open and total:
                return None
            digit, is_open = (digit * 10 if is_open else 0) + float(SINO_DIGITS[token]), True
            step = float(1)
        elif token in _SMALL:
            total += (digit if is_open else 1) * _SMALL[token]
            step = step * _SMALL[token] if step < 1 else float(1)
            digit, is_open = float(0), False
        else:
            return None
    return Numeral(total + digit, step)


def read_korean(text: str) -> Numeral | None:
    """Return a number of digits or Sino-Korean words with 십, 백, 천, 만, 억, 조, or None."""
    if len(text) > _LONGEST:
        return None
    rest, total, step = text.replace(" ", "").rstrip(","), float(0), float(1)
    for sign, size in _LARGE.items():
        head, found, tail = rest.partition(sign)
        if not found:
            continue
        part = _read_small(head) if head else Numeral(float(1), float(1))
        if part is None:
            return None
        step = part.step * (size if part.step != 1 else 1)
        total, rest = total + part.value * size, tail
    if any(sign in rest for sign in _LARGE):
        return None
    if rest:
        part = _read_small(rest)
        if part is None:
            return None
        # "1억 2천" means 120,000,000: after 억 a bare 천 counts ten-thousands.
        is_bare = "억" in text and "만" not in text and re.fullmatch(r"[\d일이삼사오육칠팔구]?천", rest)
        factor = 10_000 if is_bare else 1
        total, step = total + part.value * factor, part.step * (factor if part.step != 1 else 1)
    return Numeral(total, step)


def read_native(text: str) -> Numeral | None:
    """Return a native Korean number below a hundred (스물다섯, 세), or None."""
    for word, tens in NATIVE_TENS.items():
        if text.startswith(word):
            rest = text[len(word) :]
            ones = NATIVE_ONES.get(rest) if rest else 0
            return None if ones is None else Numeral(float(tens + ones), float(1))
    return Numeral(float(NATIVE_ONES[text]), float(1)) if text in NATIVE_ONES else None


def read_english(text: str) -> Numeral | None:
    """Return a number of English words (twenty-one, a hundred and five, two million), or None."""
    total, part, high = 0, 0, 0
    words = [word for word in re.findall(r"[a-z]+", text.casefold()) if word not in {"a", "and"}]
    for word in words if len(words) <= _MOST_WORDS else ("",):
        value = _ENGLISH_WORDS.get(word)
        if value is None:
            return None
        if word in _ENGLISH_LARGE:
            total, part = total + max(part, 1) * value, 0
        elif word in {"hundred", "dozen"}:
            part = max(part, 1) * value
        elif 0 < part < 100 and value >= 10:
            # "nineteen-twelve" is a year, "thirty-three sixty" a price.
            high, part = part, value
        else:
            part += value
    if high:
        return Numeral(
            high * 100 + float(part) if high in _CENTURIES else high + part / 100,
            0.01,
        )
    return Numeral(float(total + part), float(1))


_NUMBER = re.compile(
    rf"(?P<sign>(?<![\w)\]])-\s?)?(?:"
    rf"(?P<units>\d+)\s?점\s?(?P<tenths>\d+)"
    rf"|(?P<whole>\d+)\s(?P<over>\d+)/(?P<under>\d+)(?![/\d])"
    rf"|(?P<top>{DIGITS})\s?/\s?(?P<bottom>\d+)(?![/\d.])"
    rf"|(?P<base>{DIGITS})\s?(?:[x×*]|\\times)\s?10\s?\^\s?\{{?(?P<power>-?\d{{1,2}})\}}?"
    rf"|(?<!제)(?P<mixed>{KOREAN_MIXED})"
    rf"|(?P<digits>{DIGITS}|(?<![\w.])\.\d+)(?:[eE](?P<exponent>[-+]?\d{{1,2}})(?!\w)|\s?(?P<suffix>thousand|million|billion|trillion|dozen)\b|(?P<letter>[kKM]|bn|mn)(?![\w]))?"
    r")"
)


def read_number(found: re.Match[str]) -> Numeral | None:
    """Return the number of a match of NUMBER, or None for a division by zero or an endless row of digits."""
    return None if len(found[0]) > _LONGEST else _read_match(found)


def _read_match(found: re.Match[str]) -> Numeral | None:
    sign = -1 if found["sign"] else 1
    if found["units"]:
        return _read_digits(f"{found['units']}.{found['tenths']}").scale(float(sign))
    if found["whole"]:
        if int(found["under"]) == 0:
            return None
        value = int(found["whole"]) + int(found["over"]) / int(found["under"])
        return Numeral(sign * value, float(0))
    if found["top"]:
        if int(found["bottom"]) == 0:
            return None
        return Numeral(sign * _read_digits(found["top"]).value / int(found["bottom"]), float(0))
    if found["base"]:
        return _read_digits(found["base"]).scale(sign * float(10) ** int(found["power"]))
    if found["mixed"]:
        numeral = read_korean(found["mixed"])
        return numeral.scale(float(sign)) if numeral else None
    numeral = _read_digits(found["digits"])
    factor = float(10) ** int(found["exponent"]) if found["exponent"] else float(1)
    factor *= _SUFFIXES.get(found["suffix"] or found["letter"] or "", 1)
    return numeral.scale(sign * factor)


NUMBER = _NUMBER


def read_part(word: str) -> float | None:
    """Return the fraction that an English word names: half, thirds, quarter; or None."""
    below = _PARTS.get(word.casefold())
    return 1 / below if below else None
