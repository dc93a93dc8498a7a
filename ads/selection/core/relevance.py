"""How well a keyword fits what was asked, from 0 to 1; below the threshold nothing is shown."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ads.selection.core.index import EXACT, Float32Array, Int32Array, Int64Array, Snapshot, UInt8Array
from ads.selection.core.inventory import BUYING, MAKING
from ads.selection.core.posting_lists import QueryTerms

RELEVANCE_THRESHOLD = 0.45
MATCH_PRIOR = np.array([1.0, 0.8, 0.6], dtype=np.float32)
# Without a sign of buying, several words that fit still say more than a single one.
NO_INTENT_PHRASE, NO_INTENT_WORD = np.float32(0.8), np.float32(0.55)
OTHER_TOPIC_FACTOR = np.float32(0.85)
MAX_RELEVANCE = np.float32(1)


@dataclass(frozen=True, slots=True)
class SearchIntent:
    """What the person seems to be after, read from the vocabulary's own words."""

    is_buying: bool
    is_making: bool


def read_intent(snapshot: Snapshot, query_terms: QueryTerms) -> SearchIntent:
    """Tell from the matched terms whether someone chooses and buys, or makes something."""
    kinds = {int(snapshot.term_kind[term]) for term in query_terms.matched}
    return SearchIntent(is_buying=BUYING in kinds, is_making=MAKING in kinds)


def keyword_fits(
    matches: UInt8Array, words: Int32Array, fits: NDArray[np.float16]
) -> tuple[Float32Array, Float32Array]:
    """Return how well each keyword fits when somebody buys, and when not: before topics are looked at."""
    asked = (MATCH_PRIOR[matches] * fits).astype(np.float32)
    shy = np.where(words > 1, NO_INTENT_PHRASE, NO_INTENT_WORD)
    return asked, (MATCH_PRIOR[matches] * shy * fits).astype(np.float32)


def max_relevance(fits: Float32Array) -> Float32Array:
    """Return the most relevance that keywords with these fits can have; too little is none."""
    return np.where(fits < RELEVANCE_THRESHOLD, np.float32(0), np.minimum(fits, MAX_RELEVANCE))


def score_relevance(
    snapshot: Snapshot, keywords: Int64Array, *, intent: SearchIntent, topics: np.uint64
) -> Float32Array:
    """Return the relevance of each keyword to the request, and of the ads behind it to the keyword."""
    if intent.is_making:
        return np.zeros(len(keywords), dtype=np.float32)
    fits = (snapshot.keyword_fit if intent.is_buying else snapshot.keyword_fit_unasked)[keywords]
    if topics:
        wanted = snapshot.group_topics[snapshot.keyword_group[keywords]]
        elsewhere = (wanted != 0) & ((wanted & topics) == 0) & (snapshot.keyword_match[keywords] != EXACT)
        fits[elsewhere] *= OTHER_TOPIC_FACTOR
    return np.minimum(fits, MAX_RELEVANCE)
