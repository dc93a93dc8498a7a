"""The terms of a vocabulary that are near a prompt in meaning, each with a coarse weight.

A term is described by its words and by a gloss, such as the headlines of the ads that are found by it.
Meaning is the cosine of the prompt's static vector and the term's vector, and spelling the share of the
prompt's words that the description contains; both count the same. A term's vector is of the sentence model,
as far as its job has reached the term, so that it knows more than its words; it is computed when a
vocabulary is published, never for a prompt.
"""

import threading
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
from cachetools import FIFOCache, cached
from numpy.typing import NDArray

from language.deobfuscation import fold
from language.embed import DIMENSIONS
from language.lexical_match import LexicalIndex
from language.static_vectors import load_token_table
from language.topics import all_seeds, load_seed_vectors

Float32Array = NDArray[np.float32]
NEAR_LIMIT = 24
# Weights are 1 to this, in equal steps of the affinity between these two.
WEIGHT_STEPS = 15
LEAST_SIMILARITY, FULL_SIMILARITY = 0.22, 0.7
TERM_SHARE = np.float32(0.5)
# The components of a unit vector seldom exceed a third: as signed bytes they are cut off there.
_BYTE_SCALE = 127 * 3


class NearTerms:
    """The described terms of one vocabulary, as (number, words), and their vectors; safe in any thread."""

    def __init__(self, descriptions: Sequence[tuple[int, str]], vectors: bytes) -> None:
        self._numbers = np.array([number for number, _ in descriptions], dtype=np.int64)
        levels = np.frombuffer(vectors, dtype=np.int8).reshape(len(descriptions), DIMENSIONS)
        self._vectors = _to_unit(levels.astype(np.float32))
        self._lexical = LexicalIndex([words for _, words in descriptions])

    def find(self, text: str, vector: Float32Array) -> tuple[tuple[int, int], ...]:
        """Return (number, weight) of at most NEAR_LIMIT terms, the nearest first.

        `vector` is the prompt's static unit vector (384,).
        """
        if not len(self._numbers):
            return ()
        cosines: Float32Array = self._vectors @ vector
        affinities: Float32Array = (cosines + self._lexical.score(text)) / np.float32(2)
        count = min(NEAR_LIMIT, len(affinities))
        nearest = np.argpartition(-affinities, count - 1)[:count]
        nearest = nearest[np.lexsort((nearest, -affinities[nearest]))]
        weights = quantise(affinities[nearest])
        return tuple(
            (number, weight)
            for number, weight in zip(self._numbers[nearest].tolist(), weights.tolist(), strict=True)
            if weight > 0
        )


def quantise(affinities: Float32Array) -> NDArray[np.int64]:
    """Return weights of 0 to WEIGHT_STEPS; 0 is too far."""
    share = (affinities - LEAST_SIMILARITY) / (FULL_SIMILARITY - LEAST_SIMILARITY)
    weights: NDArray[np.int64] = np.ceil(np.clip(share, 0, 1) * WEIGHT_STEPS).astype(np.int64)
    return weights


def combine_vector(term: str, gloss: str, sentence_vector: Float32Array | None) -> NDArray[np.int8]:
    """Return the vector of a described term as signed bytes (384,).

    `sentence_vector` is the sentence model's of the term; without one, the static vector stands in.
    """
    if sentence_vector is None:
        vector = _read_static(term)
    else:
        vector = _to_unit((sentence_vector - _mean_sentence_vector())[None, :])[0]
    if gloss:
        vector = _to_unit((TERM_SHARE * vector + (1 - TERM_SHARE) * _read_static(gloss))[None, :])[0]
    return np.clip(np.round(vector * _BYTE_SCALE), -127, 127).astype(np.int8)


def _read_static(text: str) -> Float32Array:
    return load_token_table().read(fold(text)).vector


@cache
def _mean_sentence_vector() -> Float32Array:
    # Static vectors are about the mean of sentence vectors; that of the topics' seeds is close to it.
    mean: Float32Array = load_seed_vectors(all_seeds()).mean(axis=0)
    return mean


def _to_unit(rows: Float32Array) -> Float32Array:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-9), dtype=np.float32)


# The latest vocabulary and the one before, which other threads may still use.
_cache: FIFOCache[str, NearTerms] = FIFOCache(2)


@cached(_cache, key=lambda version, describe, vectors: version, condition=threading.Condition())
def find_near_terms(
    version: str, describe: Callable[[], Sequence[tuple[int, str]]], vectors: bytes
) -> NearTerms:
    """Return the described terms of this version of the vocabulary; the first caller prepares them."""
    return NearTerms(describe(), vectors)


def is_used() -> bool:
    """Return whether this process looks for near terms."""
    return bool(_cache)
