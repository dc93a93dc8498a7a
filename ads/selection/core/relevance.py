"""Relevance of a keyword to a request, from 0 to 1; below the threshold nothing is shown."""

import numpy as np
from numpy.typing import NDArray

from ads.selection.core.index import EXACT, Float32Array, Int64Array, Snapshot, UInt8Array

RELEVANCE_THRESHOLD = 0.45
MATCH_PRIOR = np.array([1.0, 0.8, 0.6], dtype=np.float32)
OTHER_TOPIC_FACTOR = np.float32(0.85)
MAX_RELEVANCE = np.float32(1)


def keyword_fits(matches: UInt8Array, fits: NDArray[np.float16]) -> Float32Array:
    """Return the fits (n,) of n keywords, before the intent and the topics of a request."""
    weighed: Float32Array = (MATCH_PRIOR[matches] * fits).astype(np.float32)
    return weighed


def max_relevance(fits: Float32Array) -> Float32Array:
    """Return the upper bound of the relevance of keywords with these fits, shape (n,); 0 below threshold."""
    return np.where(fits < RELEVANCE_THRESHOLD, np.float32(0), np.minimum(fits, MAX_RELEVANCE))


def score_relevance(
    snapshot: Snapshot, keywords: Int64Array, *, intent_weight: float, topics: np.uint64
) -> Float32Array:
    """Return the relevance of keyword rows, shape (n,); it includes how well each keyword fits its ads."""
    fits = snapshot.keyword_fit[keywords] * np.float32(intent_weight)
    if topics:
        group_topics = snapshot.group_topics[snapshot.keyword_group[keywords]]
        is_other = (
            (group_topics != 0) & ((group_topics & topics) == 0) & (snapshot.keyword_match[keywords] != EXACT)
        )
        fits[is_other] *= OTHER_TOPIC_FACTOR
    relevance: Float32Array = np.minimum(fits, MAX_RELEVANCE)
    return relevance
