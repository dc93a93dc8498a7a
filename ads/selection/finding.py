"""What the vocabulary ids of one request mean in a snapshot, and which keywords they open."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ads.selection.index import SHELVES, Ints, Reals, Small, Snapshot, contains, mark_of, spread

ALL_MARKS = (1 << 64) - 1
Shelf = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Finding:
    """The terms a request names, by position, those with the words inside them, and what is not marked."""

    matched: dict[int, list[int]]
    covered: Small
    unmarked: np.uint64


@dataclass(frozen=True, slots=True)
class Shelves:
    """The shelves whose keywords a request holds, and keywords of others that it may hold."""

    held: list[Shelf]
    perhaps: Ints

    @property
    def count(self) -> int:
        """How many keywords there are on them."""
        return len(self.perhaps) + sum(stop - start for start, stop in self.held)


def find_terms(snapshot: Snapshot, term_ids: Sequence[int]) -> Finding:
    """Return the positions of the ids that are known, each with the words inside it."""
    known, starts = snapshot.term_ids, snapshot.term_token_start
    asked = np.array(term_ids, dtype=np.int64)
    places = known.searchsorted(asked)
    places[places == len(known)] = 0
    terms = places[known[places] == asked].tolist() if len(known) else []
    matched = {term: snapshot.term_tokens[starts[term] : starts[term + 1]].tolist() for term in terms}
    covered = sorted({*matched, *(token for tokens in matched.values() for token in tokens)})
    marks = 0
    for term in covered:
        marks |= mark_of(term)
    return Finding(matched, np.array(covered, dtype=np.int32), np.uint64(ALL_MARKS & ~marks))


def find_shelves(snapshot: Snapshot, finding: Finding) -> Shelves:
    """Return where the keywords are that the words of the request open."""
    bounds = snapshot.keyword_shelf_start[finding.covered[:, None] * SHELVES + np.arange(SHELVES + 1)]
    named = {term for term in finding.matched if not snapshot.term_kind[term]}
    held, loose = [], []
    for term, (exact, phrase, word, broad, end) in zip(
        finding.covered.tolist(), bounds.tolist(), strict=True
    ):
        if term in finding.matched:
            # The market never sees the prompt: a keyword is exact when every other term is a part of it.
            if exact < phrase and named <= {term, *finding.matched[term]}:
                held.append((exact, phrase))
            held.append((phrase, word))
        held.append((word, broad))
        if broad < end:
            loose.append(np.arange(broad, end))
    rows = np.concatenate(loose) if loose else np.zeros(0, dtype=np.int64)
    perhaps = rows[(snapshot.keyword_others[rows] & finding.unmarked) == 0]
    return Shelves([shelf for shelf in held if shelf[0] < shelf[1]], perhaps)


def take_first(shelves: Shelves, order: Small, worth: Reals, depth: int) -> tuple[Ints, float]:
    """Return the most valuable keywords of each shelf, and the most that one left behind is worth."""
    parts: list[NDArray[np.integer]] = [shelves.perhaps]
    most_left = 0.0
    for start, stop in shelves.held:
        if stop - start > depth:
            most_left = max(most_left, float(worth[order[start + depth]]))
        parts.append(order[start : min(stop, start + depth)])
    return np.concatenate(parts), most_left


def keep_held(snapshot: Snapshot, finding: Finding, rows: Ints) -> Ints:
    """Return those of these opened keywords all of whose other words the request has as well."""
    asking = snapshot.keyword_others[rows].nonzero()[0]
    if not len(asking):
        return rows
    flat, owners = spread(snapshot.term_token_start, snapshot.keyword_terms[rows[asking]])
    missing = owners[~contains(finding.covered, snapshot.term_tokens[flat])]
    holds = np.ones(len(rows), dtype=np.bool_)
    holds[asking[missing]] = False
    return rows[holds]
