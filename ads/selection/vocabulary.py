"""The closed vocabulary as the asking side gets it."""

from itertools import pairwise

from ads.contract import Vocabulary
from ads.selection.index import Snapshot

_KEPT: dict[str, Vocabulary] = {}


def vocabulary_of(snapshot: Snapshot) -> Vocabulary:
    """Return the vocabulary of a snapshot; the same object for the same snapshot."""
    known = _KEPT.get(snapshot.version)
    if known is None:
        texts = snapshot.term_texts.tobytes()
        bounds = snapshot.term_text_start.tolist()
        words = (texts[start:stop].decode("utf-8") for start, stop in pairwise(bounds))
        terms = tuple(zip(snapshot.term_ids.tolist(), words, strict=True))
        negatives = frozenset(snapshot.term_ids[snapshot.group_negatives].tolist())
        known = Vocabulary(snapshot.version, terms, negatives)
        _KEPT.clear()
        _KEPT[snapshot.version] = known
    return known
