"""The affinity of a keyword to an ad, by spelling and by meaning; computed when an inventory is published.

The lexical part is the share of the keyword's weight that the ad's headline contains: BM25 over stems
(Robertson & Zaragoza 2009), and character n-grams, which tolerate spelling. The semantic part is the cosine
of the two embeddings, rescaled to the range in which this model's cosines vary, after pseudo-relevance
feedback (Rocchio 1971) moved the keyword's vector towards its nearest ads. Nothing is learned from prompts.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from language.lexical_match import LENGTH_WEIGHT, SATURATION, char_ngrams, stem_words

Float32Array = NDArray[np.float32]
# Cosines of unrelated texts are about 0.8 in this model, and those of equivalent texts 0.15 higher.
UNRELATED_COSINE, COSINE_STRETCH = 0.8, 0.15
MEANING_SHARE = 0.6
# In a small inventory the nearest ads may be unrelated: use at most one in fifty.
MAX_NEIGHBOURS, ADS_PER_NEIGHBOUR = 8, 50


@dataclass(frozen=True, slots=True)
class AdCopy:
    """The text of an ad: its headline, and everything else."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class AdTerms:
    """The terms of an ad's headline: stem counts, length in stems, and character n-grams."""

    stems: Counter[str]
    length: int
    ngrams: frozenset[str]


@dataclass(slots=True)
class DocumentFrequencies:
    """Document frequencies of stems and character n-grams over all ads."""

    ads: int = 0
    length: int = 0
    stems: Counter[str] = field(default_factory=Counter)
    ngrams: Counter[str] = field(default_factory=Counter)

    def weigh_stem(self, stem: str) -> float:
        """Return the inverse document frequency of a stem (BM25 form)."""
        count = self.stems[stem]
        return math.log(1 + (self.ads - count + 0.5) / (count + 0.5))

    def weigh_ngram(self, ngram: str) -> float:
        """Return the inverse document frequency of a character n-gram."""
        return math.log(1 + self.ads / max(1, self.ngrams[ngram]))


def count_document_frequencies(ad_terms: Iterable[AdTerms]) -> DocumentFrequencies:
    """Count how many ads contain each stem and each n-gram."""
    frequencies = DocumentFrequencies()
    for terms in ad_terms:
        frequencies.ads += 1
        frequencies.length += terms.length
        frequencies.stems.update(terms.stems.keys())
        frequencies.ngrams.update(terms.ngrams)
    return frequencies


def extract_terms(copy: AdCopy) -> AdTerms:
    """Return the terms of an ad's headline; bodies are left out, because they share the words of every ad."""
    stems = stem_words(copy.title)
    return AdTerms(Counter(stems), len(stems), char_ngrams(copy.title))


def combine_affinity(lexical: Float32Array, cosines: Float32Array) -> Float32Array:
    """Return affinities, shape (n,): about 0 for unrelated pairs and 1 for equivalent ones."""
    meaning = (cosines - UNRELATED_COSINE) / COSINE_STRETCH
    return (MEANING_SHARE * meaning + (1 - MEANING_SHARE) * lexical).astype(np.float32)


def expand_query_vectors(words: Float32Array, ads: Float32Array) -> Float32Array:
    """Return keyword vectors moved towards their nearest ads.

    `words` has shape (n, d), `ads` (m, d) and the result (n, d); all rows are unit vectors.
    """
    count = min(MAX_NEIGHBOURS, len(ads) // ADS_PER_NEIGHBOUR)
    if not count:
        return words
    expanded = np.empty_like(words)
    for place, row in enumerate(words):
        nearest = np.argpartition(-(ads @ row), count - 1)[:count]
        moved = row + ads[np.sort(nearest)].mean(axis=0)
        expanded[place] = moved / np.linalg.norm(moved)
    return expanded


def score_lexical_match(words: str, terms: AdTerms, frequencies: DocumentFrequencies) -> float:
    """Return the share, from 0 to 1, of the keyword's weight that the headline contains."""
    return (_score_stems(words, terms, frequencies) + _score_ngrams(words, terms, frequencies)) / 2


def _score_stems(words: str, terms: AdTerms, frequencies: DocumentFrequencies) -> float:
    mean_length = frequencies.length / max(1, frequencies.ads)
    normaliser = SATURATION * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT * terms.length / max(1.0, mean_length))
    held = possible = 0.0
    for stem in sorted(set(stem_words(words))):
        weight = frequencies.weigh_stem(stem)
        count = terms.stems[stem]
        possible += weight * (SATURATION + 1)
        held += weight * count * (SATURATION + 1) / (count + normaliser) if count else 0.0
    return held / possible if possible else 0.0


def _score_ngrams(words: str, terms: AdTerms, frequencies: DocumentFrequencies) -> float:
    weights = {ngram: frequencies.weigh_ngram(ngram) for ngram in sorted(char_ngrams(words))}
    possible = math.fsum(weights.values())
    held = math.fsum(weight for ngram, weight in weights.items() if ngram in terms.ngrams)
    return held / possible if possible else 0.0
