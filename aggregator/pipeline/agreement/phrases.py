"""Joins the words of an answer into phrases, and compares two phrases as names with variants."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from aggregator.pipeline.agreement.readers.words import match_words

Words = tuple[str, ...]
_JOINT = re.compile(r"\s?[-·'’]?\s?|\s(?:of|the|de|van|von|da|and the)\s")
_OPENS = re.compile(r"\s?[(（]\s?$|\s?[(（][^)]{0,12}[:,]\s?$")
_JOINED = re.compile(r"\s*(?:,|·|/|\band\b|\bor\b|및|그리고)\s*\w")
_JOINED_BEFORE = re.compile(r"(?:\band|\bor|및|그리고|[가-힣](?:와|과|랑|하고))\s*$")
_NUMBER = re.compile(r"\d+")
_JOINING = ("와", "과", "랑", "이랑", "하고")
MAX_WORDS = 4


@dataclass(frozen=True, slots=True)
class Phrase:
    """Adjacent words with the salience of the best of them, and other names given in parentheses."""

    words: Words
    salience: float
    is_known: bool
    aliases: tuple[Words, ...] = ()
    is_joined: bool = False
    numbers: frozenset[str] = frozenset()

    @property
    def names(self) -> tuple[Words, ...]:
        """Return all the names of the phrase."""
        return (self.words, *self.aliases)


@dataclass(slots=True)
class PlacedTerm:
    """A word of a segment with its place, salience, and whether the question holds it."""

    folded: str
    written: str
    start: int
    end: int
    salience: float
    is_known: bool


def _continues(text: str, one: PlacedTerm, other: PlacedTerm) -> bool:
    """Return whether the next word belongs to the same noun phrase: no particle or clause ends between."""
    between = text[one.end : other.start]
    if not _JOINT.fullmatch(between):
        return False
    is_hangul = "가" <= one.written[-1] <= "힣"
    if is_hangul and len(one.folded) < len(one.written):
        return False
    if not is_hangul and one.written[0].isascii():
        return one.written[0].isupper() == other.written[0].isupper()
    return True


def join_phrases(text: str, words: Sequence[PlacedTerm]) -> list[Phrase]:
    """Return the phrases of a segment in order; a phrase in parentheses is another name of the one before."""
    runs: list[list[PlacedTerm]] = []
    for word in words:
        if runs and len(runs[-1]) < MAX_WORDS and _continues(text, runs[-1][-1], word):
            runs[-1].append(word)
        else:
            runs.append([word])
    phrases: list[Phrase] = []
    last_end = -1
    for run in runs:
        folded = tuple(word.folded for word in run)
        between = text[last_end : run[0].start] if last_end >= 0 else ""
        if phrases and _OPENS.fullmatch(between):
            before = phrases[-1]
            phrases[-1] = replace(before, aliases=(*before.aliases, folded))
        else:
            known = all(word.is_known for word in run)
            joined = bool(
                _JOINED.match(text, run[-1].end)
                or _JOINED_BEFORE.search(text, max(0, run[0].start - 8), run[0].start)
            )
            has_particle = len(run[-1].folded) < len(run[-1].written)
            joined = joined or (has_particle and run[-1].written.endswith(_JOINING))
            near = frozenset(_NUMBER.findall(text[max(0, run[0].start - 4) : run[-1].end + 4]))
            salience = max(word.salience for word in run)
            phrases.append(Phrase(folded, salience, known, is_joined=joined, numbers=near))
        last_end = run[-1].end
    return phrases


def _is_abbreviation(word: str, words: Words) -> bool:
    """Return whether a word is made of the initials of others: la, l.a of los angeles."""
    letters = word.replace(".", "")
    return letters.isascii() and letters == "".join(each[0] for each in words)


@lru_cache(maxsize=8192)
def match_names(one: Words, other: Words) -> float:
    """Return from 0 to 1 how surely two names are one: the shorter's words are found in the longer."""
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) == 1 and len(longer) > 1 and _is_abbreviation(shorter[0], longer):
        return 0.9
    hits = [max(match_words(word, each) for each in longer) for word in shorter]
    if min(hits) >= 0.75:
        return min(hits)
    joined = match_words("".join(one), "".join(other))
    share = sum(hit for hit in hits if hit >= 0.75) / len(shorter)
    return max(joined if joined >= 0.75 else 0.0, 0.5 * share)


def match_phrases(one: Phrase, other: Phrase) -> float:
    """Return how surely two phrases name the same."""
    if not one.aliases and not other.aliases:
        return match_names(one.words, other.words)
    return max(match_names(a, b) for a in one.names for b in other.names)
