"""Words and turns of phrase that name a sensitive subject, by class, in Korean and English."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent
_RUN_OF_BLANKS = re.compile(r"\s{2,}")
# No idiom is longer, and what is around a find is read on for as long as it takes not to read much twice.
_IDIOM_CHARS = 60
_AROUND_CHARS = 400
_Patterns = tuple[tuple[str, re.Pattern[str]], ...]


def remove_idioms(plain: str) -> str:
    """Blank the idioms that only sound dangerous: 배고파 죽겠다, 마약김밥, killer deals."""
    for idiom in _idioms():
        # Not at its ends: the head has learned that something stood there.
        plain = _RUN_OF_BLANKS.sub(" ", idiom.sub(" ", plain))
    return plain


def find_classes(plain: str) -> tuple[str, ...]:
    """Return the classes this text names outright, in the order of the lexicon.

    Here and below, undisguise the text and blank its idioms first: that takes longer than looking for words.
    """
    return tuple(dict.fromkeys(name for name, pattern in _patterns() if pattern.search(plain)))


def find_entries(plain: str) -> list[tuple[str, int]]:
    """Return every entry that this text holds, as its class and where it begins."""
    return [(name, found.start()) for name, pattern in _patterns() for found in pattern.finditer(plain)]


def matches_crisis_pattern(plain: str) -> bool:
    """Say whether this text tells of a crisis in so many words, as no title or joke would."""
    return any(pattern.search(plain) for pattern in _crisis_patterns())


def matches_crisis_pattern_anywhere(undisguised: str) -> bool:
    """As `tells_crisis`, of a text of any length whose idioms still stand."""
    return any(map(matches_crisis_pattern, _windows_around(undisguised, _crisis_patterns())))


def matches_class_anywhere(undisguised: str, name: str) -> bool:
    """Say whether a text of any length, whose idioms still stand, holds an entry of this class."""
    patterns = tuple(pattern for entry, pattern in _patterns() if entry == name)
    return any(
        pattern.search(plain) for plain in _windows_around(undisguised, patterns) for pattern in patterns
    )


def _windows_around(undisguised: str, patterns: tuple[re.Pattern[str], ...]) -> Iterator[str]:
    # Looking for a few words in all of a long text is quick; blanking its idioms is not.
    places = sorted(found.start() for pattern in patterns for found in pattern.finditer(undisguised))
    read = 0
    for place in places:
        if place < read:
            continue
        start = undisguised.rfind(" ", 0, max(0, place - _IDIOM_CHARS)) + 1
        read = undisguised.find(" ", place + _AROUND_CHARS)
        read = len(undisguised) if read < 0 else read
        yield remove_idioms(undisguised[start:read])


def list_crisis_patterns() -> list[str]:
    """Return the patterns of `tells_crisis` for a browser, whose \\W would be Hangul too."""
    return [pattern.pattern.replace(r"\W", r"[^\p{L}\p{N}_]") for pattern in _crisis_patterns()]


@cache
def class_names() -> tuple[str, ...]:
    """Return every sensitive class there is."""
    return tuple(_read("ko"))


@cache
def _patterns() -> _Patterns:
    korean = [(name, re.compile("|".join(map(_loose, entries)))) for name, entries in _read("ko").items()]
    english = [
        (name, re.compile(rf"(?<![a-z0-9])(?:{'|'.join(map(_blank, entries))})(?![a-z0-9])"))
        for name, entries in _read("en").items()
    ]
    return tuple(sorted(korean + english, key=lambda entry: class_names().index(entry[0])))


@cache
def _crisis_patterns() -> tuple[re.Pattern[str], ...]:
    return _both("outright")


@cache
def _idioms() -> tuple[re.Pattern[str], ...]:
    return _both("safe")


def _both(name: str) -> tuple[re.Pattern[str], ...]:
    entries = _read(name)
    english = "|".join(map(_blank, entries["en"]))
    return (
        re.compile("|".join(map(_loose, entries["ko"]))),
        re.compile(rf"(?<![a-z0-9])(?:{english})(?![a-z0-9])"),
    )


def _loose(entry: str) -> str:
    # Latin letters inside the Korean lists (MRI, NTR) must stand alone: speakers hold no AK.
    bounded = re.sub(r"(^|\|)(?=[A-Za-z])", r"\1(?<![a-z])", entry)
    bounded = re.sub(r"(?<!\\)([A-Za-z])(?=\||$)", r"\1(?![a-z])", bounded)
    # Not casefold: it would make a letter (\w) of every sign (\W), and a space of what is none.
    lowered = re.sub(r"(?<!\\)[A-Z]+", lambda found: found.group().lower(), bounded)
    return lowered.replace(" ?", " ").replace(" ", r"\s*")


def _blank(entry: str) -> str:
    return re.sub(r"(?<!\[-)(?<!\[) (?!\?)", r"\\s+", entry)


def _read(name: str) -> dict[str, list[str]]:
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
