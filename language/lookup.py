"""Looks a prompt up in a closed vocabulary: what it asks for, and what it must not stand beside."""

from collections.abc import Collection

from language.keyphrases import TermIndex


class Lookup:
    """A vocabulary and those of its terms that keep something away; build it once, use it from any thread."""

    def __init__(self, terms: Collection[tuple[int, str]], negatives: Collection[int]) -> None:
        self.index = TermIndex(terms)
        self._negatives = frozenset(negatives)
        # An ad too few costs less than an ad beside a word that was ruled out.
        self._loose = TermIndex((term for term in terms if term[0] in self._negatives), is_loose=True)

    def find_unwanted(self, text: str) -> tuple[int, ...]:
        """Return the numbers of all negatives anywhere in this text, also inside of compounds."""
        if not self._negatives:
            return ()
        strictly = (number for number in self.index.find_all(text) if number in self._negatives)
        return tuple(dict.fromkeys([*strictly, *self._loose.find_all(text)]))
