"""Undo the obfuscation of a text: separated jamo and letters, substituted signs, invisible marks."""

import re
import unicodedata
from itertools import pairwise

_LEADS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_TAILS = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_FIRST_SYLLABLE = 0xAC00
_LAST_SYLLABLE = 0xD7A3

_INVISIBLE = re.compile(r"[​-‏‪-‮⁠-⁤﻿­͏ㅤᅟᅠ]")
# The lookbehinds here and below stop the engine from retrying a pattern at every letter of a run (quadratic
# time).
_WITH_JAMO = re.compile(r"(?<![가-힣ㄱ-ㅎㅏ-ㅣ])[가-힣ㄱ-ㅎㅏ-ㅣ]*[ㄱ-ㅎㅏ-ㅣ][가-힣ㄱ-ㅎㅏ-ㅣ]*")
_SIGN_BETWEEN = re.compile(
    r"(?<=[가-힣ㄱ-ㅣ])[^\w\s가-힣ㄱ-ㅣ,/:;·&()\[\]+\"'…?!]{1,3}(?=[가-힣ㄱ-ㅣ])|(?<=[가-힣])[0-9_]{1,2}(?=살|해(?:를|하|했))"
)
_LONE_SYLLABLES = re.compile(r"(?<![가-힣])[가-힣](?:[\s.·*~_\-^,/|]{1,3}[가-힣](?![가-힣])){1,}")
_LONE_LETTERS = re.compile(r"(?<![a-z])[a-z](?:[\s.*_\-/|]{1,2}[a-z](?![a-z])){2,}")
_LEET_WORD = re.compile(r"(?<![a-z0-9@$!*|+])[a-z0-9@$!*|+]*[a-z][a-z0-9@$!*|+]*")
_LEET = str.maketrans("013457@$!|", "oieastasil")
_REPEATED_LETTERS = re.compile(r"([a-z])\1{2,}")


def deobfuscate(text: str) -> str:
    """Return the folded text without zero-width marks, separated letters and substituted signs."""
    plain = fold(text)
    plain = _WITH_JAMO.sub(lambda match: compose(match.group()), plain)
    plain = _SIGN_BETWEEN.sub("", plain)
    plain = _LONE_SYLLABLES.sub(lambda match: re.sub(r"[^가-힣]", "", match.group()), plain)
    plain = _LONE_LETTERS.sub(lambda match: re.sub(r"[^a-z]", "", match.group()), plain)
    plain = _LEET_WORD.sub(_replace_leet, plain)
    return _REPEATED_LETTERS.sub(r"\1", plain)


def fold(text: str) -> str:
    """Return the text with width and case folded, single spaces and no invisible marks.

    Runs of spaces must be collapsed: the lexicon's patterns allow any number of them, and long runs take
    minutes.
    """
    # NFKC turns single jamo into conjoining ones that combine across syllables, so they are left out.
    pieces = re.split(r"([ㄱ-ㆎ]+)", _INVISIBLE.sub("", text))
    folded = "".join(
        piece if index % 2 else unicodedata.normalize("NFKC", piece) for index, piece in enumerate(pieces)
    )
    return " ".join(folded.casefold().split())


def compose(letters: str) -> str:
    """Compose single jamo into syllables: 자ㅅㅏㄹ becomes 자살."""
    spread = "".join(_take_open_syllables(letters))
    composed: list[str] = []
    position = 0
    while position < len(spread):
        syllable, used = _syllable_at(spread, position)
        composed.append(syllable)
        position += used
    return "".join(composed)


def decompose(text: str) -> str:
    """Decompose every syllable into its jamo, so that a typo in one letter changes only that letter."""
    parts: list[str] = []
    for character in text:
        code = ord(character)
        if _FIRST_SYLLABLE <= code <= _LAST_SYLLABLE:
            index = code - _FIRST_SYLLABLE
            parts.append(_LEADS[index // 588])
            parts.append(_VOWELS[index % 588 // 28])
            if index % 28:
                parts.append(_TAILS[index % 28 - 1])
        else:
            parts.append(character)
    return "".join(parts)


def _take_open_syllables(letters: str) -> list[str]:
    # 주ㄱ고: a syllable without a final consonant takes the single consonant that follows it.
    taken = []
    for character, following in pairwise(letters + " "):
        code = ord(character) - _FIRST_SYLLABLE
        is_open = 0 <= code <= _LAST_SYLLABLE - _FIRST_SYLLABLE and code % 28 == 0
        taken.append(decompose(character) if is_open and following in _TAILS else character)
    return taken


def _syllable_at(letters: str, position: int) -> tuple[str, int]:
    lead = letters[position]
    vowel = letters[position + 1 : position + 2]
    if lead not in _LEADS or not vowel or vowel not in _VOWELS:
        return lead, 1
    tail = letters[position + 2 : position + 3]
    after = letters[position + 3 : position + 4]
    index = _LEADS.index(lead) * 588 + _VOWELS.index(vowel) * 28
    if tail and tail in _TAILS and not (after and after in _VOWELS):
        return chr(_FIRST_SYLLABLE + index + _TAILS.index(tail) + 1), 3
    return chr(_FIRST_SYLLABLE + index), 2


def _replace_leet(match: re.Match[str]) -> str:
    word = match.group()
    if word.isalpha():
        return word
    inner = word.rstrip("!*+|")
    letters = sum(character.isalpha() for character in inner)
    # Model numbers (rtx4090, mp3) have a run of digits; an obfuscated word replaces single letters.
    if letters < 2 or re.search(r"\d\d", inner) or not re.search(r"[a-z][^a-z]+[a-z]|^[$@][a-z]", inner):
        return word
    return inner.translate(_LEET)
