"""Looks a prompt up in a closed vocabulary: what it asks for, and what it must not stand beside."""

import threading
from collections.abc import Collection

from language.keyphrases import TermIndex


class Lookup:
    """A vocabulary and those of its terms that keep something away; build it once, use it from any thread."""

    def __init__(self, terms: Collection[tuple[int, str]], negatives: Collection[int]) -> None:
        self.index = TermIndex(terms)
        self._negatives = frozenset(negatives)
        # An ad too few costs less than an ad beside a word that was ruled out.
        self._loose = TermIndex((term for term in terms if term[0] in self._negatives), is_loose=True)

    def find_negatives(self, text: str) -> tuple[int, ...]:
        """Return the numbers of all negatives anywhere in this text, also inside of compounds."""
        if not self._negatives:
            return ()
        strictly = (number for number in self.index.find_all(text) if number in self._negatives)
        return tuple(dict.fromkeys([*strictly, *self._loose.find_all(text)]))


class _LookupCache:
    """The lookups of the latest vocabulary and of the one before, which somebody may still use."""

    def __init__(self) -> None:
        self._building = threading.Lock()
        self._kept: dict[str, Lookup] = {}

    def find(self, version: str) -> Lookup | None:
        return self._kept.get(version)

    def is_used(self) -> bool:
        return bool(self._kept)

    def build(self, version: str, terms: Collection[tuple[int, str]], negatives: Collection[int]) -> Lookup:
        with self._building:
            known = self._kept.get(version)
            if known is None:
                known = Lookup(terms, negatives)
                # Read without the lock: replaced as a whole.
                self._kept = dict([*self._kept.items(), (version, known)][-2:])
            return known


_cache = _LookupCache()


def find_lookup(version: str, terms: Collection[tuple[int, str]], negatives: Collection[int]) -> Lookup:
    """Return the lookup of the vocabulary that this version tells from others; who comes first builds it."""
    return _cache.find(version) or _cache.build(version, terms, negatives)


def prepare_lookup(version: str, terms: Collection[tuple[int, str]], negatives: Collection[int]) -> None:
    """Build the lookup of a new vocabulary ahead, where this process looks up prompts at all."""
    if _cache.is_used():
        find_lookup(version, terms, negatives)
