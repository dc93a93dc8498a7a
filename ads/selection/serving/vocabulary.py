"""The closed vocabulary of a snapshot, as the conversation side receives it."""

import hashlib
from itertools import pairwise

import numpy as np

from ads.contract import Vocabulary
from ads.selection.core.index import Snapshot
from language.lookup import prepare_lookup

# By snapshot version: the served one, and the next one while it is loaded.
_CACHE: dict[str, Vocabulary] = {}


def read_vocabulary(snapshot: Snapshot) -> Vocabulary:
    """Return the vocabulary of a snapshot; the same object while its terms and negatives are unchanged."""
    cached = _CACHE.get(snapshot.version)
    if cached is None:
        version = _digest(snapshot)
        same = (each for each in list(_CACHE.values()) if each.version == version)
        cached = next(same, None) or _read(snapshot, version)
        for old in list(_CACHE)[:-1]:
            _CACHE.pop(old, None)
        _CACHE[snapshot.version] = cached
    return cached


def prepare_vocabulary(snapshot: Snapshot) -> None:
    """Build the lookup of a new snapshot's vocabulary in advance, if a vocabulary was ever requested."""
    if _CACHE:
        vocabulary = read_vocabulary(snapshot)
        prepare_lookup(vocabulary.version, vocabulary.terms, vocabulary.negatives)


def _read(snapshot: Snapshot, version: str) -> Vocabulary:
    texts = snapshot.term_texts.tobytes()
    bounds = snapshot.term_text_start.tolist()
    words = (texts[start:stop].decode("utf-8") for start, stop in pairwise(bounds))
    terms = tuple(zip(snapshot.term_ids.tolist(), words, strict=True))
    return Vocabulary(version, terms, frozenset(snapshot.term_ids[snapshot.group_negatives].tolist()))


def _digest(snapshot: Snapshot) -> str:
    digest = hashlib.blake2b(digest_size=8)
    negatives = np.unique(snapshot.group_negatives)
    for column in (snapshot.term_ids, snapshot.term_text_start, snapshot.term_texts, negatives):
        digest.update(f"{len(column)} ".encode())
        digest.update(column.tobytes())
    return digest.hexdigest()
