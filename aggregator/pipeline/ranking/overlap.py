"""Measures which words a response shares with the other responses to its prompt."""

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.ranking.format_checks import MAX_READ_CHARS

Numbers = NDArray[np.float64]
OVERLAP_FEATURES = ("covers", "covered", "alike", "stems_alone")
_WORD = re.compile(r"\w+")
# Two syllables drop most Korean particles and endings, six letters most English ones.
_HANGUL_STEM, _OTHER_STEM = 2, 6
_MIN_LETTERS = 3


@lru_cache(maxsize=64)
def tokenise_words(text: str) -> tuple[str, ...]:
    """Return the lower-case words of a text, in order."""
    return tuple(_WORD.findall(text[:MAX_READ_CHARS].lower()))


@lru_cache(maxsize=64)
def list_stems(text: str) -> frozenset[str]:
    """Return the distinct stems of a text's words: their first letters, without the shortest words."""
    return frozenset(
        word[:_HANGUL_STEM] if "가" <= word[0] <= "힣" else word[:_OTHER_STEM]
        for word in tokenise_words(text)
        if "가" <= word[0] <= "힣" or len(word) >= _MIN_LETTERS
    )


def count_shared_stems(texts: Sequence[str]) -> Numbers:
    """Return the number of distinct stems that two texts share, shape (texts, texts).

    The diagonal holds each text's own number of distinct stems.
    """
    stems = [list_stems(text) for text in texts]
    shared = np.zeros((len(texts), len(texts)))
    for row, own in enumerate(stems):
        shared[row, row] = len(own)
        for column in range(row):
            shared[row, column] = shared[column, row] = len(own & stems[column])
    return shared


def measure_overlap(shared: Numbers, weights: Numbers) -> Numbers:
    """Return the mean overlap of every text with the others, shape (..., texts, 4), as OVERLAP_FEATURES.

    `shared` is one or more tables of `count_shared_stems`, shape (..., texts, texts), and `weights`, shape
    (..., texts), how much each text counts as another's rival. The features are the covered share of the
    rivals' stems, of its own stems, the Jaccard similarity, and the log number of stems no rival has.
    """
    counts = weights[..., None, :] * (1.0 - np.eye(shared.shape[-1]))
    share = counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1e-9)
    sizes = np.maximum(np.diagonal(shared, axis1=-2, axis2=-1), 1.0)
    theirs, mine = sizes[..., None, :], sizes[..., :, None]
    covers = (share * shared / theirs).sum(axis=-1)
    covered = (share * shared / mine).sum(axis=-1)
    alike = (share * shared / np.maximum(mine + theirs - shared, 1.0)).sum(axis=-1)
    return np.stack([covers, covered, alike, np.log1p(sizes * np.maximum(1 - covered, 0.0))], axis=-1)
