"""How an answer stands among the others to its prompt: which words it shares, and which it alone has."""

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
OVERLAP_FEATURES = ("covers", "covered", "alike", "words_alone")
_WORD = re.compile(r"\w+")
_READ_LIMIT = 12_000


@lru_cache(maxsize=64)
def tokenise_words(text: str) -> tuple[str, ...]:
    """Return the words of a text in lower case, in order."""
    return tuple(_WORD.findall(text[:_READ_LIMIT].lower()))


def count_shared_words(texts: Sequence[str]) -> Numbers:
    """Return how many distinct words every two texts share; on the diagonal, how many each has."""
    words = [set(tokenise_words(text)) for text in texts]
    shared = np.zeros((len(texts), len(texts)))
    for row, own in enumerate(words):
        shared[row, row] = len(own)
        for column in range(row):
            shared[row, column] = shared[column, row] = len(own & words[column])
    return shared


def measure_overlap(shared: Numbers, rivals: Sequence[int] | None = None) -> Numbers:
    """Return for every answer, in the order of COMPARED, how its words overlap its rivals'.

    Without rivals named all others are. Takes any number of tables of `count_shared` at once.
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
