"""Resolves a request's term ids in a snapshot and finds the posting lists of keywords that may match."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ads.selection.core.index import (
    LISTS_PER_TERM,
    Float32Array,
    Int32Array,
    Int64Array,
    Snapshot,
    expand_ranges,
    is_in_sorted,
    signature_bit,
)

ALL_SIGNATURE_BITS = (1 << 64) - 1
PostingRange = tuple[int, int]


@dataclass(frozen=True, slots=True)
class QueryTerms:
    """The request's terms by position: `matched` maps each to the terms inside it, `covered` has all.

    `unmarked` is the complement of the signature of `covered`.
    """

    matched: dict[int, list[int]]
    covered: Int32Array
    unmarked: np.uint64


@dataclass(frozen=True, slots=True)
class PostingLists:
    """Ranges of keywords that match for sure, and rows, shape (n,), that match if verification agrees."""

    held: list[PostingRange]
    unverified: Int64Array

    @property
    def count(self) -> int:
        """The number of keywords in all lists."""
        return len(self.unverified) + sum(stop - start for start, stop in self.held)


def resolve_terms(snapshot: Snapshot, term_ids: Sequence[int]) -> QueryTerms:
    """Return the positions of the known ids, each with the positions of the terms inside it."""
    known, starts = snapshot.term_ids, snapshot.term_token_start
    wanted = np.array(term_ids, dtype=np.int64)
    places = known.searchsorted(wanted)
    places[places == len(known)] = 0
    terms = places[known[places] == wanted].tolist() if len(known) else []
    matched = {term: snapshot.term_tokens[starts[term] : starts[term + 1]].tolist() for term in terms}
    covered = sorted({*matched, *(token for tokens in matched.values() for token in tokens)})
    marks = 0
    for term in covered:
        marks |= signature_bit(term)
    return QueryTerms(matched, np.array(covered, dtype=np.int32), np.uint64(ALL_SIGNATURE_BITS & ~marks))


def find_posting_lists(snapshot: Snapshot, query_terms: QueryTerms) -> PostingLists:
    """Return the posting lists of the request's terms."""
    bounds = snapshot.keyword_shelf_start[
        query_terms.covered[:, None] * LISTS_PER_TERM + np.arange(LISTS_PER_TERM + 1)
    ]
    named = set(query_terms.matched)
    held, partial_rows = [], []
    for term, (exact, phrase, word, broad, end) in zip(
        query_terms.covered.tolist(), bounds.tolist(), strict=True
    ):
        if term in query_terms.matched:
            # The market never sees the prompt: a match is exact when every other matched term is part of it.
            if exact < phrase and named <= {term, *query_terms.matched[term]}:
                held.append((exact, phrase))
            held.append((phrase, word))
        held.append((word, broad))
        if broad < end:
            partial_rows.append(np.arange(broad, end))
    rows = np.concatenate(partial_rows) if partial_rows else np.zeros(0, dtype=np.int64)
    unverified = rows[(snapshot.keyword_others[rows] & query_terms.unmarked) == 0]
    return PostingLists(
        [posting_range for posting_range in held if posting_range[0] < posting_range[1]], unverified
    )


def take_most_valuable(
    posting_lists: PostingLists, order: Int32Array, worth: Float32Array, depth: int
) -> tuple[Int64Array, float]:
    """Return the `depth` most valuable rows of each list, and the highest value among the rows left out.

    `order` and `worth` have one entry for each keyword of the snapshot.
    """
    parts: list[NDArray[np.integer]] = [posting_lists.unverified]
    most_left = 0.0
    for start, stop in posting_lists.held:
        if stop - start > depth:
            most_left = max(most_left, float(worth[order[start + depth]]))
        parts.append(order[start : min(stop, start + depth)])
    return np.concatenate(parts), most_left


def keep_fully_matched(snapshot: Snapshot, query_terms: QueryTerms, rows: Int64Array) -> Int64Array:
    """Return the rows, of shape (n,), whose required terms are all covered by the request."""
    partial = snapshot.keyword_others[rows].nonzero()[0]
    if not len(partial):
        return rows
    flat, owners = expand_ranges(snapshot.term_token_start, snapshot.keyword_terms[rows[partial]])
    missing = owners[~is_in_sorted(query_terms.covered, snapshot.term_tokens[flat])]
    holds = np.ones(len(rows), dtype=np.bool_)
    holds[partial[missing]] = False
    return rows[holds]
