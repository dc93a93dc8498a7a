"""The lexicon: patterns that name a sensitive subject, by class, in Korean and English."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent
_RUN_OF_BLANKS = re.compile(r"\s{2,}")
# The window around a match in a long text: it starts further before than the longest idiom, and is long
# enough for windows to overlap seldom.
_IDIOM_CHARS = 60
_AROUND_CHARS = 400
_Patterns = tuple[tuple[str, re.Pattern[str]], ...]
_NO_LETTER_BEFORE = "(?<![a-z0-9])"
# The whole of an alternative, and one that begins with a letter which must be there.
_LETTER_FIRST = re.compile(r"([가-힣a-z])(?![?*{|])(.*)", re.DOTALL)


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
        (name, pattern)
        for name, entries in _read("ko").items()
        for pattern in _compile(map(_korean_pattern, entries))
    ]
    english = [
        (name, pattern)
        for name, entries in _read("en").items()
        for pattern in _compile(map(_english_pattern, entries), _NO_LETTER_BEFORE, "(?![a-z0-9])")
    ]
    return tuple(sorted(korean + english, key=lambda entry: class_names().index(entry[0])))


@cache
def _crisis_patterns() -> tuple[re.Pattern[str], ...]:
    return _compile_both("outright")


@cache
def _idioms() -> tuple[re.Pattern[str], ...]:
    entries = _read("safe")
    return (
        *_compile(map(_korean_pattern, entries["ko"])),
        *_compile(map(_english_pattern, entries["en"]), _NO_LETTER_BEFORE, "(?![a-z0-9])"),
    )


def _compile_both(name: str) -> tuple[re.Pattern[str], ...]:
    entries = _read(name)
    english = "|".join(map(_english_pattern, entries["en"]))
    return (
        re.compile("|".join(map(_korean_pattern, entries["ko"]))),
        re.compile(rf"(?<![a-z0-9])(?:{english})(?![a-z0-9])"),
    )


def _compile(entries: Iterable[str], before: str = "", after: str = "") -> list[re.Pattern[str]]:
    """Return patterns that together match any of the entries, between what must stand before and after.

    Alternatives that begin with a letter are sorted into branches of that letter. `re` then skips to the next
    such letter, and tries only its branch, which takes a tenth of the time.
    """
    branches: dict[str, list[str]] = {}
    others = []
    for part in (part for entry in entries for part in _expand(entry)):
        found = _LETTER_FIRST.fullmatch(part)
        if found:
            branches.setdefault(found[1], []).append(found[2])
        else:
            others.append(part)
    patterns = []
    if branches:
        parts = [
            letter + (before and f"(?<![a-z0-9]{letter})") + f"(?:{'|'.join(rests)})"
            for letter, rests in branches.items()
        ]
        patterns.append(f"(?:{'|'.join(parts)}){after}")
    if others:
        patterns.append(f"{before}(?:{'|'.join(others)}){after}")
    return [re.compile(pattern) for pattern in patterns]


def _expand(entry: str) -> Iterator[str]:
    """Yield a pattern's alternatives, also those of a group that it begins with: (?:a|b)c is ac and bc."""
    for part in _split_alternatives(entry):
        stop = _find_group_end(part)
        if stop and part[stop : stop + 1] not in ("?", "*", "{", "+"):
            yield from (
                inner
                for each in _split_alternatives(part[3 : stop - 1])
                for inner in _expand(each + part[stop:])
            )
        else:
            yield part


def _find_group_end(part: str) -> int:
    """Return the position after the group that a pattern begins with, or 0."""
    depth = 0
    if part.startswith("(?:") and "\\" not in part and "[" not in part:
        for position, sign in enumerate(part):
            depth += {"(": 1, ")": -1}.get(sign, 0)
            if depth == 0:
                return position + 1
    return 0


def _split_alternatives(entry: str) -> Iterator[str]:
    """Yield the alternatives of a pattern that stand outside of groups and sets."""
    depth, start, in_set = 0, 0, False
    for position, sign in enumerate(entry):
        if position and entry[position - 1] == "\\" and entry[max(0, position - 2) : position] != "\\\\":
            continue
        if in_set:
            in_set = sign != "]"
        elif sign == "[":
            in_set = True
        elif sign in "()":
            depth += 1 if sign == "(" else -1
        elif sign == "|" and depth == 0:
            yield entry[start:position]
            start = position + 1
    yield entry[start:]


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
