"""Parses numbers as people write them: 1,200원, 3.2만, 1억 2천, 사십, fractions, LaTeX, 1e3."""

import re
from fractions import Fraction

_DIGITS = dict(zip("영공일이삼사오육칠팔구", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_SMALL = {"십": 10, "백": 100, "천": 1_000}
_LARGE = {"만": 10_000, "억": 10**8, "조": 10**12}
_UNITS = "십백천만억조"
_KOREAN = re.compile(rf"(?:\d[\d,]*(?:\.\d+)?|[영공일이삼사오육칠팔구{_UNITS}])+")
_PLAIN = re.compile(r"[-+]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_FRACTION = re.compile(r"[-+]?\d+(?:\.\d+)?\s*/\s*\d+(?:\.\d+)?")
_LATEX_FRACTION = re.compile(r"\\[dt]?frac\s*\{?(-?\d+)\}?\s*\{?(\d+)\}?")
_POWER = re.compile(r"(?:[x×*]|\\times|\\cdot)\s*10\s*\^\s*\{?\s*([-+]?\d+)\s*\}?")
_TRIM = re.compile(r"\\[,;!:]|\\(?:text|mathrm|operatorname)\{[^}]*\}|[\s$₩€£¥%°]|\\%|\\\$")
_UNIT = re.compile(r"^(?:약|대략|총|about|approximately)\s*")
_AFTER = re.compile(r"^[^\d\W_]{0,12}(?:\^?[23²³])?(?:/[^\d\W_]{1,6})?[.。!]?$")
_LONGEST = 60


def _read_part(text: str) -> Fraction:
    total, digit, seen = Fraction(0), Fraction(0), False
    for token in re.findall(r"\d[\d,]*(?:\.\d+)?|.", text.replace(" ", "")):
        if token[0].isdigit():
            digit, seen = Fraction(token.replace(",", "")), True
        elif token in _DIGITS:
            digit, seen = digit * 10 + _DIGITS[token] if seen else Fraction(_DIGITS[token]), True
        else:
            total += (digit if seen else 1) * _SMALL[token]
            digit, seen = Fraction(0), False
    return total + digit


def _read_korean(text: str) -> Fraction | None:
    if not _KOREAN.fullmatch(text):
        return None
    total, rest = Fraction(0), text
    for unit in "조억만":
        head, found, tail = rest.partition(unit)
        if found:
            if any(larger in head for larger in "조억만"):
                return None
            total += (_read_part(head) if head.strip() else 1) * _LARGE[unit]
            rest = tail
    if any(unit in rest for unit in "조억만"):
        return None
    small = _read_part(rest) if rest.strip() else Fraction(0)
    # "1억 2천" means 120,000,000: after 억 a bare 천 counts ten-thousands.
    if "억" in text and "만" not in text and re.fullmatch(r"\s*[\d일이삼사오육칠팔구]?\s*천\s*", rest):
        small *= _LARGE["만"]
    return total + small


def _read_plain(text: str) -> Fraction | None:
    fraction = _LATEX_FRACTION.search(text)
    if fraction:
        sign, rest = text[: fraction.start()], text[fraction.end() :]
        if rest or sign not in ("", "-") or int(fraction[2]) == 0:
            return None
        return Fraction(int(fraction[1]), int(fraction[2])) * (-1 if sign else 1)
    if _FRACTION.fullmatch(text):
        above, below = (Fraction(part.strip()) for part in text.split("/"))
        return above / below if below else None
    return Fraction(text.replace(",", "")) if _PLAIN.fullmatch(text) and text.strip("+-.,") else None


def _scale(text: str) -> tuple[str, int]:
    power = _POWER.search(text)
    if not power or abs(int(power[1])) > 30:
        return text, 0
    return text[: power.start()] + text[power.end() :], int(power[1])


def parse_number(text: str, *, spelled: bool = False) -> Fraction | None:
    """Return the number that a short text consists of, or None.

    Numbers without a digit (사십, 오만) are parsed only when `spelled` is true: 구조 and 오이 are words, too.
    """
    if len(text) > _LONGEST:
        return None
    spaced = _UNIT.sub("", text.strip().replace("−", "-").replace("–", "-").rstrip(".。"))
    bare, power = _scale(_TRIM.sub("", spaced))
    if bare.count("e") + bare.count("E") and re.search(r"[eE][-+]?\d{3,}", bare):
        return None
    for form in _list_forms(bare):
        value = _read_plain(form)
        if value is None and (spelled or form[:1].isdigit()):
            value = _read_korean(form)
        if value is not None:
            return value * Fraction(10) ** power
    return None


def _list_forms(text: str) -> list[str]:
    """Return the text, then the text without a trailing unit word, if it has one."""
    forms = [text]
    last = max((i for i, c in enumerate(text) if c.isdigit() or c in _UNITS), default=-1)
    if last >= 0 and _AFTER.match(text[last + 1 :]):
        forms.append(text[: last + 1])
    return forms


def format_number(value: Fraction) -> str:
    """Return a number to six significant digits, so that 0.333333 and 1/3 are equal."""
    if value.denominator == 1 and abs(value) < 10**15:
        return str(value.numerator)
    return f"{float(value):.6g}"
