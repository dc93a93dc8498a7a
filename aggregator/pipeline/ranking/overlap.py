"""Measures which words a response shares with the other responses to its prompt."""

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.ranking.format_checks import MAX_READ_CHARS

Numbers = NDArray[np.float64]
OVERLAP_FEATURES = ("covers", "covered", "alike", "words_alone")
_WORD = re.compile(r"\w+")


@lru_cache(maxsize=64)
def tokenise_words(text: str) -> tuple[str, ...]:
    """Return the lower-case words of a text, in order."""
    return tuple(_WORD.findall(text[:MAX_READ_CHARS].lower()))


def count_shared_words(texts: Sequence[str]) -> Numbers:
    """Return the number of distinct words that two texts share, shape (texts, texts).

    The diagonal holds each text's own number of distinct words.
    """
    words = [set(tokenise_words(text)) for text in texts]
    shared = np.zeros((len(texts), len(texts)))
    for row, own in enumerate(words):
        shared[row, row] = len(own)
        for column in range(row):
            shared[row, column] = shared[column, row] = len(own & words[column])
    return shared


def measure_overlap(shared: Numbers, rivals: Sequence[int] | None = None) -> Numbers:
    """Return the mean overlap of every text with its rivals, shape (..., texts, 4), as OVERLAP_FEATURES.

    `shared` is one or more tables of `count_shared_words`, shape (..., texts, texts); `rivals` are the
    indices of the texts to compare with, all others by default. The features are the covered share of the
    rivals' words, of its own words, the Jaccard similarity, and the log number of words no rival has.
    """
    width = shared.shape[-1]
    counts = np.zeros((width, width))
    counts[:, list(range(width) if rivals is None else rivals)] = 1.0
    np.fill_diagonal(counts, 0.0)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    sizes = np.maximum(np.diagonal(shared, axis1=-2, axis2=-1), 1.0)
    theirs, mine = sizes[..., None, :], sizes[..., :, None]
    covers = (share * shared / theirs).sum(axis=-1)
    covered = (share * shared / mine).sum(axis=-1)
    alike = (share * shared / np.maximum(mine + theirs - shared, 1.0)).sum(axis=-1)
    return np.stack([covers, covered, alike, np.log1p(sizes * (1 - covered))], axis=-1)
