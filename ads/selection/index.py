"""The inventory in memory: numbers in flat arrays, found by vocabulary id. Read-only, for all threads."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ads.selection.packing import pack, unpack

Ints = NDArray[np.int64]
Small = NDArray[np.int32]
Bytes = NDArray[np.uint8]
Reals = NDArray[np.float32]
Halves = NDArray[np.float16]
Doubles = NDArray[np.float64]

EXACT, PHRASE, BROAD = 0, 1, 2
MATCHES = ("exact", "phrase", "broad")
LANGUAGES = ("any", "ko", "en")
DEVICES = ("any", "desktop", "mobile")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One published state of the inventory.

    Rows of one kind share a prefix: term, keyword, group, campaign, creative. A `..._start` array with one
    number more than its rows says where each row's part of a flat array begins. `click_model` has the version
    of the model that the click weights are of, how much it is trusted, and its calibration.
    """

    version: str
    term_ids: Ints
    term_texts: Bytes
    term_text_start: Ints
    term_kind: Bytes
    term_token_start: Small
    term_tokens: Small
    keyword_start: Small
    keyword_ids: Ints
    keyword_terms: Small
    keyword_match: Bytes
    keyword_group: Small
    keyword_bid: Ints
    keyword_fit: Halves
    keyword_worth: Reals
    keyword_worth_unasked: Reals
    group_ids: Ints
    group_campaign: Small
    group_language: Bytes
    group_device: Bytes
    group_topics: NDArray[np.uint64]
    group_negative_start: Small
    group_negatives: Small
    group_creative_start: Small
    group_rate: Reals
    creative_ids: Ints
    creative_rates: Reals
    creative_views: Small
    campaign_ids: Ints
    campaign_advertiser: Ints
    campaign_category: Small
    campaign_starts: Ints
    campaign_ends: Ints
    campaign_views_a_person: Small
    campaign_reserve: Ints
    click_weights: Reals
    click_model: Doubles

    def term_text(self, position: int) -> str:
        """Return the words of the term at this position."""
        start, stop = self.term_text_start[position : position + 2]
        return self.term_texts[start:stop].tobytes().decode("utf-8")

    def dump(self) -> bytes:
        """Return the snapshot as one blob that `load` reads back."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "version"}
        return pack(self.version, arrays)


def load(blob: bytes) -> Snapshot:
    """Read a snapshot, its arrays where they lie; raises ValueError or KeyError when the blob is none."""
    version, arrays = unpack(blob)
    return Snapshot(version=version, **{name: arrays[name] for name in _ARRAYS})


_ARRAYS = tuple(field.name for field in fields(Snapshot) if field.name != "version")


def spread(starts: Small, rows: NDArray[np.integer]) -> tuple[Ints, Ints]:
    """Return, for rows of a flat layout, the flat positions of all their parts and the owner of each."""
    first = starts[rows].astype(np.int64)
    lengths = starts[rows + 1].astype(np.int64) - first
    owners = np.repeat(np.arange(len(rows)), lengths)
    before = np.cumsum(lengths) - lengths
    return np.arange(len(owners)) - before[owners] + first[owners], owners


@dataclass(frozen=True, slots=True)
class Finding:
    """What the vocabulary ids of one request mean in one snapshot."""

    matched: Small
    covered: Small

    def __bool__(self) -> bool:
        return len(self.matched) > 0


def find_terms(snapshot: Snapshot, term_ids: tuple[int, ...]) -> Finding:
    """Return the positions of the ids that are known, and of those with all words inside them."""
    asked = np.asarray(term_ids, dtype=np.int64)
    places = np.searchsorted(snapshot.term_ids, asked)
    places[places == len(snapshot.term_ids)] = 0
    matched = places[snapshot.term_ids[places] == asked] if len(snapshot.term_ids) else places[:0]
    flat, _ = spread(snapshot.term_token_start, matched)
    covered = np.unique(np.concatenate([matched, snapshot.term_tokens[flat]]))
    return Finding(matched.astype(np.int32), covered.astype(np.int32))


def contains(sorted_values: Small, asked: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Say for each asked value whether it is among the sorted ones."""
    if not len(sorted_values):
        return np.zeros(len(asked), dtype=np.bool_)
    places = np.searchsorted(sorted_values, asked)
    places[places == len(sorted_values)] = 0
    found: NDArray[np.bool_] = sorted_values[places] == asked
    return found


def every(owners: Ints, holds: NDArray[np.bool_], count: int) -> NDArray[np.bool_]:
    """Say for each of `count` owners whether all of its parts hold."""
    failures = np.bincount(owners[~holds], minlength=count)
    none_failed: NDArray[np.bool_] = failures == 0
    return none_failed


def find_keywords(snapshot: Snapshot, finding: Finding) -> Ints:
    """Return all keywords filed under the words of the request; `keep_held` says which of them it holds."""
    return spread(snapshot.keyword_start, finding.covered)[0]


def keep_held(snapshot: Snapshot, finding: Finding, rows: Ints) -> Ints:
    """Return the keywords among these whose terms the request holds, as their match asks."""
    if not len(rows):
        return rows
    match = snapshot.keyword_match[rows]
    terms = snapshot.keyword_terms[rows]
    holds = np.ones(len(rows), dtype=np.bool_)
    broad = np.flatnonzero(match == BROAD)
    if len(broad):
        flat, owners = spread(snapshot.term_token_start, terms[broad])
        holds[broad] = every(owners, contains(finding.covered, snapshot.term_tokens[flat]), len(broad))
    close = match != BROAD
    holds[close] = contains(np.sort(finding.matched), terms[close])
    exact = np.flatnonzero((match == EXACT) & holds)
    if len(exact):
        holds[exact] = _are_whole(snapshot, finding, terms[exact])
    return rows[holds]


def _are_whole(snapshot: Snapshot, finding: Finding, terms: Small) -> NDArray[np.bool_]:
    # The market never sees the prompt: it calls a keyword exact when every other term is a part of it.
    named = np.sort(finding.matched[snapshot.term_kind[finding.matched] == 0])
    flat, owners = spread(snapshot.term_token_start, terms)
    parts = np.bincount(owners[contains(named, snapshot.term_tokens[flat])], minlength=len(terms))
    whole: NDArray[np.bool_] = parts + contains(named, terms) == len(named)
    return whole
