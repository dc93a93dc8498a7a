"""The lexicon: patterns that name a sensitive subject, by class, in Korean and English."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent
_RUN_OF_BLANKS = re.compile(r"\s{2,}")
# The window around a match in a long text: it starts further before than the longest idiom, and is long
# enough for windows to overlap seldom.
_IDIOM_CHARS = 60
_AROUND_CHARS = 400
_Patterns = tuple[tuple[str, re.Pattern[str]], ...]


def remove_idioms(plain: str) -> str:
    """Blank the idioms that only sound dangerous: 배고파 죽겠다, 마약김밥, killer deals."""
    for idiom in _idioms():
        # Not stripped: the classifier was fitted on texts that keep the space of an idiom at their ends.
        plain = _RUN_OF_BLANKS.sub(" ", idiom.sub(" ", plain))
    return plain


def find_classes(plain: str) -> tuple[str, ...]:
    """Return the classes whose entries this text holds, in the order of the lexicon.

    Here and below, the text has passed `deobfuscate` and `remove_idioms`, unless its parameter says
    otherwise.
    """
    return tuple(dict.fromkeys(name for name, pattern in _patterns() if pattern.search(plain)))


def find_entries(plain: str) -> list[tuple[str, int]]:
    """Return the class and the position of every entry that this text holds."""
    return [(name, found.start()) for name, pattern in _patterns() for found in pattern.finditer(plain)]


def matches_crisis_pattern(plain: str) -> bool:
    """Return whether this text states a crisis in words that no title or joke would use."""
    return any(pattern.search(plain) for pattern in _crisis_patterns())


def matches_crisis_pattern_anywhere(with_idioms: str) -> bool:
    """Do the same as `matches_crisis_pattern` for a text of any length that still has its idioms."""
    return any(map(matches_crisis_pattern, _windows_around(with_idioms, _crisis_patterns())))


def matches_class_anywhere(with_idioms: str, name: str) -> bool:
    """Return whether a text of any length that still has its idioms holds an entry of this class."""
    patterns = tuple(pattern for entry, pattern in _patterns() if entry == name)
    return any(
        pattern.search(plain) for plain in _windows_around(with_idioms, patterns) for pattern in patterns
    )


def _windows_around(with_idioms: str, patterns: tuple[re.Pattern[str], ...]) -> Iterator[str]:
    # Searching all of a long text for a few words is fast; removing its idioms is not.
    positions = sorted(found.start() for pattern in patterns for found in pattern.finditer(with_idioms))
    stop = 0
    for position in positions:
        if position < stop:
            continue
        start = with_idioms.rfind(" ", 0, max(0, position - _IDIOM_CHARS)) + 1
        stop = with_idioms.find(" ", position + _AROUND_CHARS)
        stop = len(with_idioms) if stop < 0 else stop
        yield remove_idioms(with_idioms[start:stop])


def list_crisis_patterns() -> list[str]:
    """Return the crisis patterns as JavaScript regular expressions, where \\W would match Hangul."""
    return [pattern.pattern.replace(r"\W", r"[^\p{L}\p{N}_]") for pattern in _crisis_patterns()]


@cache
def class_names() -> tuple[str, ...]:
    """Return the names of all sensitive classes, in the order of the lexicon."""
    return tuple(_read("ko"))


@cache
def _patterns() -> _Patterns:
    korean = [
        (name, re.compile("|".join(map(_korean_pattern, entries)))) for name, entries in _read("ko").items()
    ]
    english = [
        (name, re.compile(rf"(?<![a-z0-9])(?:{'|'.join(map(_english_pattern, entries))})(?![a-z0-9])"))
        for name, entries in _read("en").items()
    ]
    return tuple(sorted(korean + english, key=lambda entry: class_names().index(entry[0])))


@cache
def _crisis_patterns() -> tuple[re.Pattern[str], ...]:
    return _compile_both("outright")


@cache
def _idioms() -> tuple[re.Pattern[str], ...]:
    return _compile_both("safe")


def _compile_both(name: str) -> tuple[re.Pattern[str], ...]:
    entries = _read(name)
    english = "|".join(map(_english_pattern, entries["en"]))
    return (
        re.compile("|".join(map(_korean_pattern, entries["ko"]))),
        re.compile(rf"(?<![a-z0-9])(?:{english})(?![a-z0-9])"),
    )


def _korean_pattern(entry: str) -> str:
    # Latin letters inside the Korean lists (MRI, NTR) match as whole words only: no AK in "speakers".
    bounded = re.sub(r"(^|\|)(?=[A-Za-z])", r"\1(?<![a-z])", entry)
    bounded = re.sub(r"(?<!\\)([A-Za-z])(?=\||$)", r"\1(?![a-z])", bounded)
    # Only letters are lowered: casefolding the whole pattern would turn \W into \w and \S into \s.
    lowered = re.sub(r"(?<!\\)[A-Z]+", lambda found: found.group().lower(), bounded)
    return lowered.replace(" ?", " ").replace(" ", r"\s*")


def _english_pattern(entry: str) -> str:
    return re.sub(r"(?<!\[-)(?<!\[) (?!\?)", r"\\s+", entry)


def _read(name: str) -> dict[str, list[str]]:
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
