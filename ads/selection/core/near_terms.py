"""Finds the keywords of terms that a request names as near in meaning, and rates how relevant they are."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ads.contract import WEIGHT_STEPS
from ads.selection.core.index import Float32Array, Int64Array, Snapshot
from ads.selection.core.relevance import (
    MATCH_PRIOR,
    MAX_RELEVANCE,
    OTHER_TOPIC_FACTOR,
)

# Keywords of one term, the highest bids first: more of them only outbid each other.
KEYWORDS_PER_TERM = 64
# The relevance of the farthest and of the nearest term, if the request shows an intent to buy.
LEAST_RELEVANCE, NEAREST_RELEVANCE = 0.5, 0.85


def find_near_keywords(
    snapshot: Snapshot, near: Sequence[tuple[int, int]]
) -> tuple[Int64Array, Float32Array]:
    """Return the keyword rows of near terms, and for each the weight of its term from 0 to 1, shape (n,)."""
    if not near or not len(snapshot.term_ids):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
    ids, weights = np.array(near, dtype=np.int64).T
    places = snapshot.term_ids.searchsorted(ids)
    places[places == len(snapshot.term_ids)] = 0
    is_known = snapshot.term_ids[places] == ids
    parts: list[NDArray[np.integer]] = []
    shares = []
    for place, weight in zip(places[is_known].tolist(), weights[is_known].tolist(), strict=True):
        start = int(snapshot.near_start[place])
        stop = min(int(snapshot.near_start[place + 1]), start + KEYWORDS_PER_TERM)
        parts.append(snapshot.near_keywords[start:stop])
        shares += [weight / WEIGHT_STEPS] * (stop - start)
    rows = np.concatenate(parts).astype(np.int64) if parts else np.zeros(0, dtype=np.int64)
    return rows, np.array(shares, dtype=np.float32)


def rate_near_keywords(
    snapshot: Snapshot, keywords: Int64Array, shares: Float32Array, *, intent_weight: float, topics: np.uint64
) -> Float32Array:
    """Return the relevance of keyword rows that were found by meaning, shape (n,)."""
    # How well a keyword fits its ads, without the prior of its match type.
    fits = snapshot.keyword_fit[keywords] / MATCH_PRIOR[snapshot.keyword_match[keywords]]
    relevance = fits * (LEAST_RELEVANCE + (NEAREST_RELEVANCE - LEAST_RELEVANCE) * shares)
    relevance *= np.float32(intent_weight)
    if topics:
        group_topics = snapshot.group_topics[snapshot.keyword_group[keywords]]
        relevance[(group_topics != 0) & ((group_topics & topics) == 0)] *= OTHER_TOPIC_FACTOR
    rated: Float32Array = np.minimum(relevance, MAX_RELEVANCE).astype(np.float32)
    return rated
