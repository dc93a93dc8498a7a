"""How much of a query each text contains: stems by BM25, and character n-grams, which forgive spelling."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Float32Array = NDArray[np.float32]
WORD = re.compile(r"[^\W_]+")
NGRAM_SIZES = (3, 4)
SATURATION, LENGTH_WEIGHT = 1.2, 0.75
ENDINGS = (
    ("ies", 2, "y"), ("sses", 2, "ss"), ("shes", 2, "sh"), ("ches", 2, "ch"), ("xes", 2, "x"),
    ("ss", 1, "ss"), ("s", 3, ""), ("ing", 3, ""), ("ed", 3, ""),
)  # fmt: skip


def stem_words(text: str) -> list[str]:
    """Return the words of a text with English suffixes removed."""
    return [_stem(word) for word in WORD.findall(text.casefold())]


def char_ngrams(text: str) -> frozenset[str]:
    """Return the character 3- and 4-grams of a text's words, padded with a space on both sides."""
    padded = [f" {word} " for word in WORD.findall(text.casefold())]
    return frozenset(
        word[start : start + size]
        for word in padded
        for size in NGRAM_SIZES
        for start in range(len(word) - size + 1)
    )


class LexicalIndex:
    """Postings of the stems and n-grams of n texts, for scoring all of them against one query."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._count = len(texts)
        stems: dict[str, list[tuple[int, int]]] = defaultdict(list)
        ngrams: dict[str, list[int]] = defaultdict(list)
        lengths = np.ones(len(texts), dtype=np.float32)
        for row, text in enumerate(texts):
            counts = Counter(stem_words(text))
            lengths[row] = sum(counts.values())
            for stem, count in counts.items():
                stems[stem].append((row, count))
            for ngram in char_ngrams(text):
                ngrams[ngram].append(row)
        mean = max(1.0, float(lengths.mean())) if len(texts) else 1.0
        normalisers: Float32Array = SATURATION * (1 - LENGTH_WEIGHT + LENGTH_WEIGHT * lengths / mean)
        self._stems = {stem: _weigh_postings(pairs, normalisers) for stem, pairs in stems.items()}
        self._ngrams = {ngram: np.array(rows, dtype=np.int32) for ngram, rows in ngrams.items()}

    def score(self, query: str) -> Float32Array:
        """Return for each text (n,) the share, from 0 to 1, of the query's weight that it contains."""
        scores: Float32Array = (self._score_stems(query) + self._score_ngrams(query)) / np.float32(2)
        return scores

    def _score_stems(self, query: str) -> Float32Array:
        scores, possible = np.zeros(self._count, dtype=np.float32), 0.0
        for stem in dict.fromkeys(stem_words(query)):
            rows, saturated = self._stems.get(stem, _NOWHERE)
            weight = math.log(1 + (self._count - len(rows) + 0.5) / (len(rows) + 0.5))
            possible += weight * (SATURATION + 1)
            scores[rows] += np.float32(weight) * saturated
        return np.asarray(scores / np.float32(possible or 1), dtype=np.float32)

    def _score_ngrams(self, query: str) -> Float32Array:
        scores, possible = np.zeros(self._count, dtype=np.float32), 0.0
        for ngram in sorted(char_ngrams(query)):
            rows = self._ngrams.get(ngram, _NOWHERE[0])
            weight = math.log(1 + self._count / max(1, len(rows)))
            possible += weight
            scores[rows] += np.float32(weight)
        return np.asarray(scores / np.float32(possible or 1), dtype=np.float32)


_NOWHERE = (np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32))


def _weigh_postings(
    pairs: Sequence[tuple[int, int]], normalisers: Float32Array
) -> tuple[NDArray[np.int32], Float32Array]:
    rows = np.array([row for row, _ in pairs], dtype=np.int32)
    counts = np.array([count for _, count in pairs], dtype=np.float32)
    return rows, (counts * (SATURATION + 1) / (counts + normalisers[rows])).astype(np.float32)


def _stem(word: str) -> str:
    for ending, min_length, replacement in ENDINGS:
        if word.endswith(ending):
            return word[: -len(ending)] + replacement if len(word) - len(ending) >= min_length else word
    return word
