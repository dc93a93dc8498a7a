"""How well words fit an ad's own words, by spelling and by meaning; used when an inventory is published.

A keyword is only as good as the ad behind it. The measure has two parts and nothing learned from any query:
the share of the words' weight that the ad holds (BM25 over stems, and pieces of words that forgive
spelling), and the cosine of the two embeddings on the stretch where those of this model differ. First the
vector of the words is drawn towards the ads that are nearest to it (Rocchio).
"""

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Float32Array = NDArray[np.float32]
WORD = re.compile(r"[^\W_]+")
NGRAM_SIZES = (3, 4)
SATURATION, LENGTH_WEIGHT = 1.2, 0.75
# Cosines of unrelated texts lie about here, and those of texts that say the same about so much above it.
UNRELATED_COSINE, COSINE_STRETCH = 0.8, 0.15
MEANING_SHARE = 0.6
# In a small inventory the nearest ads may be strangers: no more than one in fifty is listened to.
MAX_NEIGHBOURS, ADS_PER_NEIGHBOUR = 8, 50


@dataclass(frozen=True, slots=True)
class AdCopy:
    """What an ad says of itself: its headline, and everything else."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class AdTerms:
    """An ad's headline taken apart: how often it has each stem, and the pieces of its words."""

    stems: Counter[str]
    length: int
    pieces: frozenset[str]


@dataclass(slots=True)
class DocumentFrequencies:
    """How rare stems and pieces are over all ads."""

    ads: int = 0
    length: int = 0
    stems: Counter[str] = field(default_factory=Counter)
    pieces: Counter[str] = field(default_factory=Counter)

    def weigh_stem(self, stem: str) -> float:
        """Return the weight of a stem: the fewer ads have it, the more it says."""
        known = self.stems[stem]
        return math.log(1 + (self.ads - known + 0.5) / (known + 0.5))

    def weigh_piece(self, piece: str) -> float:
        """Return the weight of a piece of a word."""
        return math.log(1 + self.ads / max(1, self.pieces[piece]))


def count_document_frequencies(ad_terms: Iterable[AdTerms]) -> DocumentFrequencies:
    """Count over all ads how many have each stem and each piece."""
    rarity = DocumentFrequencies()
    for terms in ad_terms:
        rarity.ads += 1
        rarity.length += terms.length
        rarity.stems.update(terms.stems.keys())
        rarity.pieces.update(terms.pieces)
    return rarity


def extract_terms(copy: AdCopy) -> AdTerms:
    """Take an ad's headline apart: it says what is sold, while bodies share the words of every ad."""
    stems = stem_words(copy.title)
    return AdTerms(Counter(stems), len(stems), char_ngrams(copy.title))


def combine_affinity(lexical: Float32Array, cosines: Float32Array) -> Float32Array:
    """Return how well words fit ads; about 0 for strangers and 1 for the same thing in other words."""
    meaning = (cosines - UNRELATED_COSINE) / COSINE_STRETCH
    return (MEANING_SHARE * meaning + (1 - MEANING_SHARE) * lexical).astype(np.float32)


def expand_query_vectors(words: Float32Array, ads: Float32Array) -> Float32Array:
    """Return unit vectors of words, each drawn towards the ads nearest to it; all rows are unit vectors."""
    count = min(MAX_NEIGHBOURS, len(ads) // ADS_PER_NEIGHBOUR)
    if not count:
        return words
    wide = np.empty_like(words)
    for place, row in enumerate(words):
        nearest = np.argpartition(-(ads @ row), count - 1)[:count]
        drawn = row + ads[np.sort(nearest)].mean(axis=0)
        wide[place] = drawn / np.linalg.norm(drawn)
    return wide


def score_lexical_match(words: str, terms: AdTerms, rarity: DocumentFrequencies) -> float:
    """Return the share, from 0 to 1, of the words' weight that the ad holds."""
    return (_score_stems(words, terms, rarity) + _score_ngrams(words, terms, rarity)) / 2


def _score_stems(words: str, terms: AdTerms, rarity: DocumentFrequencies) -> float:
    usual = rarity.length / max(1, rarity.ads)
    slack = SATURATION * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT * terms.length / max(1.0, usual))
    held = possible = 0.0
    for stem in sorted(set(stem_words(words))):
        weight = rarity.weigh_stem(stem)
        count = terms.stems[stem]
        possible += weight * (SATURATION + 1)
        held += weight * count * (SATURATION + 1) / (count + slack) if count else 0.0
    return held / possible if possible else 0.0


def _score_ngrams(words: str, terms: AdTerms, rarity: DocumentFrequencies) -> float:
    weights = {piece: rarity.weigh_piece(piece) for piece in sorted(char_ngrams(words))}
    possible = math.fsum(weights.values())
    held = math.fsum(weight for piece, weight in weights.items() if piece in terms.pieces)
    return held / possible if possible else 0.0


def stem_words(text: str) -> list[str]:
    """Return the words of a text without their English endings."""
    return [_stem(word) for word in WORD.findall(text.casefold())]


def char_ngrams(text: str) -> frozenset[str]:
    """Return all runs of three and four letters of a text's words, their edges counted as letters."""
    padded = [f" {word} " for word in WORD.findall(text.casefold())]
    return frozenset(
        word[start : start + size]
        for word in padded
        for size in NGRAM_SIZES
        for start in range(len(word) - size + 1)
    )


ENDINGS = (
    ("ies", 2, "y"), ("sses", 2, "ss"), ("shes", 2, "sh"), ("ches", 2, "ch"), ("xes", 2, "x"),
    ("ss", 1, "ss"), ("s", 3, ""), ("ing", 3, ""), ("ed", 3, ""),
)  # fmt: skip


def _stem(word: str) -> str:
    for ending, least, instead in ENDINGS:
        if word.endswith(ending):
            return word[: -len(ending)] + instead if len(word) - len(ending) >= least else word
    return word
