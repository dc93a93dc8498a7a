"""Match a prompt against the market's vocabulary: its keywords and its negative keywords."""

import threading
from collections.abc import Collection

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


class _LookupCache:
    """The lookups of the latest vocabulary and of the one before, which other threads may still use."""

    def __init__(self) -> None:
        self._building = threading.Lock()
        self._lookups: dict[str, Lookup] = {}

    def find(self, version: str) -> Lookup | None:
        return self._lookups.get(version)

    def is_used(self) -> bool:
        return bool(self._lookups)

    def build(self, version: str, terms: Collection[tuple[int, str]], negatives: Collection[int]) -> Lookup:
        with self._building:
            lookup = self._lookups.get(version)
            if lookup is None:
                lookup = Lookup(terms, negatives)
                # `find` reads without the lock, so the dictionary is replaced as a whole.
                self._lookups = dict([*self._lookups.items(), (version, lookup)][-2:])
            return lookup


_cache = _LookupCache()


def find_lookup(version: str, terms: Collection[tuple[int, str]], negatives: Collection[int]) -> Lookup:
    """Return the lookup of this version of the vocabulary; the first caller builds it."""
    return _cache.find(version) or _cache.build(version, terms, negatives)


def prepare_lookup(version: str, terms: Collection[tuple[int, str]], negatives: Collection[int]) -> None:
    """Build the lookup of a new vocabulary ahead of its first request, if this process uses lookups."""
    if _cache.is_used():
        find_lookup(version, terms, negatives)
