"""Match a prompt against the market's vocabulary: its keywords and its negative keywords."""

import threading
from collections.abc import Collection

from cachetools import FIFOCache, cached

from language.keyphrases import TermIndex


class Lookup:
    """The index of a vocabulary and of its negative keywords; safe to use from any thread."""

    def __init__(self, terms: Collection[tuple[int, str]], negatives: Collection[int]) -> None:
        self.index = TermIndex(terms)
        self._negatives = frozenset(negatives)
        # Loose: a missing ad costs less than an ad beside a word that its advertiser excluded.
        self._loose = TermIndex((term for term in terms if term[0] in self._negatives), is_loose=True)

    def find_negatives(self, text: str) -> tuple[int, ...]:
        """Return the numbers of all negatives anywhere in this text, also inside of compounds."""
        if not self._negatives:
            return ()
        strict = (number for number in self.index.find_all(text) if number in self._negatives)
        return tuple(dict.fromkeys([*strict, *self._loose.find_all(text)]))


# The latest vocabulary and the one before, which other threads may still use.
_cache: FIFOCache[str, Lookup] = FIFOCache(2)


@cached(_cache, key=lambda version, terms, negatives: version, condition=threading.Condition())
def find_lookup(version: str, terms: Collection[tuple[int, str]], negatives: Collection[int]) -> Lookup:
    """Return the lookup of this version of the vocabulary; the first caller builds it."""
    return Lookup(terms, negatives)


def prepare_lookup(version: str, terms: Collection[tuple[int, str]], negatives: Collection[int]) -> None:
    """Build the lookup of a new vocabulary ahead of its first request, if this process uses lookups."""
    if _cache:
        find_lookup(version, terms, negatives)
