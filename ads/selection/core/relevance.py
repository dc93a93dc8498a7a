"""Relevance of a keyword to a request, from 0 to 1; below the threshold nothing is shown."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ads.selection.core.index import EXACT, Float32Array, Int32Array, Int64Array, Snapshot, UInt8Array
from ads.selection.core.inventory import BUYING, MAKING
from ads.selection.core.posting_lists import QueryTerms

RELEVANCE_THRESHOLD = 0.45
MATCH_PRIOR = np.array([1.0, 0.8, 0.6], dtype=np.float32)
# Without an intent to buy, a keyword of several words is still more specific than a single word.
NO_INTENT_PHRASE, NO_INTENT_WORD = np.float32(0.8), np.float32(0.55)
OTHER_TOPIC_FACTOR = np.float32(0.85)
MAX_RELEVANCE = np.float32(1)


@dataclass(frozen=True, slots=True)
class SearchIntent:
    """The intent of a request, read from its matched vocabulary terms."""

    is_buying: bool
    is_making: bool


def read_intent(snapshot: Snapshot, query_terms: QueryTerms) -> SearchIntent:
    """Return whether the matched terms signal an intent to buy or to make something."""
    kinds = {int(snapshot.term_kind[term]) for term in query_terms.matched}
    return SearchIntent(is_buying=BUYING in kinds, is_making=MAKING in kinds)


def keyword_fits(
    matches: UInt8Array, words: Int32Array, fits: NDArray[np.float16]
) -> tuple[Float32Array, Float32Array]:
    """Return the fits of n keywords with and without an intent to buy, before topics; all shapes are (n,)."""
    buying = (MATCH_PRIOR[matches] * fits).astype(np.float32)
    discount = np.where(words > 1, NO_INTENT_PHRASE, NO_INTENT_WORD)
    return buying, (MATCH_PRIOR[matches] * discount * fits).astype(np.float32)


def max_relevance(fits: Float32Array) -> Float32Array:
    """Return the upper bound of the relevance of keywords with these fits, shape (n,); 0 below threshold."""
    return np.where(fits < RELEVANCE_THRESHOLD, np.float32(0), np.minimum(fits, MAX_RELEVANCE))


def score_relevance(
    snapshot: Snapshot, keywords: Int64Array, *, intent: SearchIntent, topics: np.uint64
) -> Float32Array:
    """Return the relevance of keyword rows, shape (n,); it includes how well each keyword fits its ads."""
    if intent.is_making:
        return np.zeros(len(keywords), dtype=np.float32)
    fits = (snapshot.keyword_fit if intent.is_buying else snapshot.keyword_fit_unasked)[keywords]
    if topics:
        group_topics = snapshot.group_topics[snapshot.keyword_group[keywords]]
        is_other = (
            (group_topics != 0) & ((group_topics & topics) == 0) & (snapshot.keyword_match[keywords] != EXACT)
        )
        fits[is_other] *= OTHER_TOPIC_FACTOR
    return np.minimum(fits, MAX_RELEVANCE)
