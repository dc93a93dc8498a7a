"""How well a keyword fits what was asked, from 0 to 1; below the threshold nothing is shown."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ads.selection.finding import Finding
from ads.selection.index import EXACT, Bytes, Ints, Reals, Small, Snapshot
from ads.selection.rows import BUYING, MAKING

THRESHOLD = 0.45
MATCH_PRIOR = np.array([1.0, 0.8, 0.6], dtype=np.float32)
# Without a sign of buying, several words that fit still say more than a single one.
UNASKED_PHRASE, UNASKED_WORD = np.float32(0.8), np.float32(0.55)
OTHER_TOPIC = np.float32(0.85)
MOST = np.float32(1)


@dataclass(frozen=True, slots=True)
class Purpose:
    """What the person seems to be after, read from the vocabulary's own words."""

    is_buying: bool
    is_making: bool


def read_purpose(snapshot: Snapshot, finding: Finding) -> Purpose:
    """Tell from the matched terms whether someone chooses and buys, or makes something."""
    kinds = {int(snapshot.term_kind[term]) for term in finding.matched}
    return Purpose(is_buying=BUYING in kinds, is_making=MAKING in kinds)


def fits_of(matches: Bytes, words: Small, fits: NDArray[np.float16]) -> tuple[Reals, Reals]:
    """Return how well each keyword fits when somebody buys, and when not: before topics are looked at."""
    asked = (MATCH_PRIOR[matches] * fits).astype(np.float32)
    shy = np.where(words > 1, UNASKED_PHRASE, UNASKED_WORD)
    return asked, (MATCH_PRIOR[matches] * shy * fits).astype(np.float32)


def most_relevance(fits: Reals) -> Reals:
    """Return the most relevance that keywords with these fits can have; too little is none."""
    return np.where(fits < THRESHOLD, np.float32(0), np.minimum(fits, MOST))


def relevance_of(snapshot: Snapshot, keywords: Ints, *, purpose: Purpose, topics: np.uint64) -> Reals:
    """Return the relevance of each keyword to the request, and of the ads behind it to the keyword."""
    if purpose.is_making:
        return np.zeros(len(keywords), dtype=np.float32)
    fits = (snapshot.keyword_fit if purpose.is_buying else snapshot.keyword_fit_unasked)[keywords]
    if topics:
        wanted = snapshot.group_topics[snapshot.keyword_group[keywords]]
        elsewhere = (wanted != 0) & ((wanted & topics) == 0) & (snapshot.keyword_match[keywords] != EXACT)
        fits[elsewhere] *= OTHER_TOPIC
    return np.minimum(fits, MOST)
