"""Joins the words of an answer into phrases, and compares two phrases as names with variants."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import NamedTuple

from aggregator.pipeline.agreement.readers.words import match_words

Words = tuple[str, ...]
_JOINT = re.compile(r"\s?[-·'’]?\s?|\s(?:of|the|de|van|von|da)\s")
_OPENS = re.compile(r"\s?[(（]\s?$|\s?[(（][^)]{0,12}[:,]\s?$")
_JOINED = re.compile(r"\s*(?:,|·|/|\band\b|\bor\b|및|그리고)\s*\w")
_JOINED_BEFORE = re.compile(r"(?:\band|\bor|및|그리고|[가-힣](?:와|과|랑|하고))\s*$")
_NUMBER = re.compile(r"\d+")
_JOINING = ("와", "과", "랑", "이랑", "하고")
MAX_WORDS = 4


class PlacedTerm(NamedTuple):
    """A word of a segment with its place, weight, and whether the question holds it."""

    folded: str
    written: str
    start: int
    end: int
    weight: float
    is_known: bool


class Run(NamedTuple):
    """Adjacent words of a segment that make a phrase, with the other names given in parentheses."""

    text: str
    words: list[PlacedTerm]
    weight: float
    aliases: list[Words]


@dataclass(frozen=True)
class Phrase:
    """Adjacent words with the salience of the best of them, and other names given in parentheses."""

    words: Words
    salience: float
    aliases: tuple[Words, ...]
    run: Run

    @property
    def names(self) -> tuple[Words, ...]:
        """Return all the names of the phrase."""
        return (self.words, *self.aliases)

    @property
    def is_known(self) -> bool:
        """Return whether the question holds all the words."""
        return all(word.is_known for word in self.run.words)

    @cached_property
    def is_joined(self) -> bool:
        """Return whether the phrase is one of several: "A and B", "A와 B"."""
        text, first, last = self.run.text, self.run.words[0], self.run.words[-1]
        if _JOINED.match(text, last.end) or _JOINED_BEFORE.search(text, max(0, first.start - 8), first.start):
            return True
        return len(last.folded) < len(last.written) and last.written.endswith(_JOINING)

    @cached_property
    def numbers(self) -> frozenset[str]:
        """Return the digits that stand at the phrase."""
        first, last = self.run.words[0], self.run.words[-1]
        return frozenset(_NUMBER.findall(self.run.text[max(0, first.start - 4) : last.end + 4]))


def _continues(text: str, one: PlacedTerm, other: PlacedTerm) -> bool:
    """Return whether the next word belongs to the same noun phrase: no particle or clause ends between."""
    if not _JOINT.fullmatch(text, one.end, other.start):
        return False
    is_hangul = "가" <= one.written[-1] <= "힣"
    if is_hangul and len(one.folded) < len(one.written):
        return False
    if not is_hangul and one.written[0].isascii():
        return one.written[0].isupper() == other.written[0].isupper()
    return True


def join_words(text: str, words: Sequence[PlacedTerm]) -> list[Run]:
    """Return the phrases of a segment in order; a phrase in parentheses is another name of the one before."""
    joined: list[list[PlacedTerm]] = []
    for word in words:
        if joined and len(joined[-1]) < MAX_WORDS and _continues(text, joined[-1][-1], word):
            joined[-1].append(word)
        else:
            joined.append([word])
    runs: list[Run] = []
    last_end = 0
    for each in joined:
        if runs and _OPENS.fullmatch(text, last_end, each[0].start):
            runs[-1].aliases.append(tuple(word.folded for word in each))
        else:
            runs.append(Run(text, each, max([word.weight for word in each]), []))
        last_end = each[-1].end
    return runs


def read_phrase(run: Run, salience: float) -> Phrase:
    """Return the phrase of adjacent words."""
    return Phrase(tuple(word.folded for word in run.words), salience, tuple(run.aliases), run)


def _is_abbreviation(word: str, words: Words) -> bool:
    """Return whether a word is made of the initials of others: la, l.a of los angeles."""
    letters = word.replace(".", "")
    return letters.isascii() and letters == "".join(each[0] for each in words)


def _match_joined(shorter: Words, longer: Words) -> float:
    """Return how surely the words of one name together are the other, or two words of it: 반 고흐."""
    whole = "".join(shorter)
    if len(longer) == 1 or whole.isascii() == longer[0].isascii():
        return match_words(whole, "".join(longer))
    pairs = ("".join(longer), *(f"{one}{other}" for one, other in pairwise(longer)))
    hyphened = (f"{one}-{other}" for one, other in pairwise(longer))
    return max(match_words(whole, each) for each in (*pairs, *hyphened))


@lru_cache(maxsize=8192)
def match_names(one: Words, other: Words) -> float:
    """Return from 0 to 1 how surely two names are one: the shorter's words are found in the longer."""
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) == 1 and len(longer) > 1 and _is_abbreviation(shorter[0], longer):
        return 0.9
    hits = [max(match_words(word, each) for each in longer) for word in shorter]
    if min(hits) >= 0.75:
        return min(hits)
    joined = _match_joined(shorter, longer)
    share = sum(hit for hit in hits if hit >= 0.75) / len(shorter)
    return max(joined if joined >= 0.75 else 0.0, 0.5 * share)


def match_phrases(one: Phrase, other: Phrase) -> float:
    """Return how surely two phrases name the same."""
    if not one.aliases and not other.aliases:
        return match_names(one.words, other.words)
    return max(match_names(a, b) for a in one.names for b in other.names)
