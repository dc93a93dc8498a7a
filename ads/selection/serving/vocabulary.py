"""The closed vocabulary of a snapshot, as the conversation side receives it."""

import hashlib
from collections.abc import Iterator
from itertools import pairwise
from threading import Lock

import numpy as np
from cachetools import FIFOCache, cached

from ads.contract import Vocabulary
from ads.selection.core.index import Int64Array, Snapshot, UInt8Array
from language.lookup import prepare_lookup
from language.near_terms import find_near_terms, is_used

# By version of the snapshot: the latest one, and the one that is served while it is loaded.
_cache: FIFOCache[str, Vocabulary] = FIFOCache(2)
_lock = Lock()


@cached(_cache, key=lambda snapshot: snapshot.version, lock=_lock)
def read_vocabulary(snapshot: Snapshot) -> Vocabulary:
    """Return the vocabulary of a snapshot; the same object while its terms and negatives are unchanged."""
    version = _digest(snapshot)
    with _lock:
        known = list(_cache.values())
    return next((each for each in known if each.version == version), None) or _read(snapshot, version)


def prepare_vocabulary(snapshot: Snapshot) -> None:
    """Build the lookup of a new snapshot before it is served, if this process has read a vocabulary."""
    if _cache:
        words = read_vocabulary(snapshot)
        prepare_lookup(words.version, words.terms, words.negatives)
        if is_used():
            find_near_terms(words.version, words.describe_terms, words.vectors)


def _read(snapshot: Snapshot, version: str) -> Vocabulary:
    words = _split_texts(snapshot.term_texts, snapshot.term_text_start)
    terms = tuple(zip(snapshot.term_ids.tolist(), words, strict=True))
    glosses = _split_texts(snapshot.gloss_texts, snapshot.gloss_text_start)
    return Vocabulary(
        version,
        terms,
        frozenset(snapshot.term_ids[snapshot.group_negatives].tolist()),
        tuple(zip(snapshot.term_ids[snapshot.gloss_terms].tolist(), glosses, strict=True)),
        snapshot.gloss_vectors.tobytes(),
    )


def _split_texts(texts: UInt8Array, starts: Int64Array) -> Iterator[str]:
    whole = texts.tobytes()
    return (whole[start:stop].decode("utf-8") for start, stop in pairwise(starts.tolist()))


def _digest(snapshot: Snapshot) -> str:
    digest = hashlib.blake2b(digest_size=8)
    negatives = np.unique(snapshot.group_negatives)
    for column in (
        snapshot.term_ids,
        snapshot.term_text_start,
        snapshot.term_texts,
        negatives,
        snapshot.gloss_terms,
        snapshot.gloss_text_start,
        snapshot.gloss_texts,
        snapshot.gloss_vectors,
    ):
        digest.update(f"{len(column)} ".encode())
        digest.update(column.tobytes())
    return digest.hexdigest()
