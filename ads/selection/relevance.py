"""How well a keyword fits what was asked, from 0 to 1; below the threshold nothing is shown."""

from dataclasses import dataclass

import numpy as np

from ads.selection.index import EXACT, Bytes, Finding, Halves, Ints, Reals, Small, Snapshot
from ads.selection.rows import BUYING, MAKING

THRESHOLD = 0.45
MATCH_PRIOR = np.array([1.0, 0.8, 0.6], dtype=np.float32)
# Without a sign of buying, several words that fit still say more than a single one.
UNASKED_PHRASE, UNASKED_WORD = np.float32(0.8), np.float32(0.55)
OTHER_TOPIC = np.float32(0.85)


@dataclass(frozen=True, slots=True)
class Purpose:
    """What the person seems to be after, read from the vocabulary's own words."""

    is_buying: bool
    is_making: bool


def read_purpose(snapshot: Snapshot, finding: Finding) -> Purpose:
    """Tell from the matched terms whether someone chooses and buys, or makes something."""
    kinds = set(snapshot.term_kind[finding.matched].tolist())
    return Purpose(is_buying=BUYING in kinds, is_making=MAKING in kinds)


def most_fits(matches: Bytes, words: Small, fits: Halves) -> tuple[Reals, Reals]:
    """Return the most relevance each keyword can have for buyers and for others; too little is none."""
    asked = np.minimum(MATCH_PRIOR[matches] * fits, 1.0).astype(np.float32)
    shy = np.where(words > 1, UNASKED_PHRASE, UNASKED_WORD)
    unasked = np.minimum(MATCH_PRIOR[matches] * shy * fits, 1.0).astype(np.float32)
    return np.where(asked < THRESHOLD, 0, asked), np.where(unasked < THRESHOLD, 0, unasked)


def relevance_of(snapshot: Snapshot, keywords: Ints, *, purpose: Purpose, topics: np.uint64) -> Reals:
    """Return the relevance of each keyword to the request, and of the ads behind it to the keyword."""
    if purpose.is_making:
        return np.zeros(len(keywords), dtype=np.float32)
    match = snapshot.keyword_match[keywords]
    fit = MATCH_PRIOR[match]
    if not purpose.is_buying:
        terms = snapshot.keyword_terms[keywords]
        sizes = snapshot.term_token_start[terms + 1] - snapshot.term_token_start[terms]
        fit = fit * np.where(sizes > 1, UNASKED_PHRASE, UNASKED_WORD)
    if topics:
        wanted = snapshot.group_topics[snapshot.keyword_group[keywords]]
        elsewhere = (wanted != 0) & ((wanted & topics) == 0) & (match != EXACT)
        fit = np.where(elsewhere, fit * OTHER_TOPIC, fit)
    fits: Reals = np.minimum(fit * snapshot.keyword_fit[keywords], 1.0).astype(np.float32)
    return fits
