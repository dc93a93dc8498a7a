"""The inventory in memory: numbers in flat arrays, found by vocabulary id. Read-only, for all threads."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ads.selection.packing import pack, unpack

Ints = NDArray[np.int64]
Small = NDArray[np.int32]
Bytes = NDArray[np.uint8]
Marks = NDArray[np.uint64]
Reals = NDArray[np.float32]
Doubles = NDArray[np.float64]

EXACT, PHRASE, BROAD = 0, 1, 2
# Each term has four shelves of keywords: exact ones, phrases, broad ones that ask for nothing else, and broad
# ones that ask for other words too.
SHELVES = 4
MATCHES = ("exact", "phrase", "broad")
LANGUAGES = ("any", "ko", "en")
DEVICES = ("any", "desktop", "mobile")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One published state of the inventory.

    Rows of one kind share a prefix: term, keyword, group, campaign, creative. A `..._start` array with one
    number more than its rows says where each row's part of a flat array begins. Keywords stand on the shelves
    of the terms they are found by; `keyword_order` lists those of each shelf from the most valuable to the
    least: with a sign of buying, and `..._unasked` without. `keyword_others` marks the other words a keyword
    asks for, by `mark_of`. `click_model` has the version of the model that the click weights are of, how much
    it is trusted, and its calibration.
    """

    version: str
    term_ids: Ints
    term_texts: Bytes
    term_text_start: Ints
    term_kind: Bytes
    term_token_start: Small
    term_tokens: Small
    keyword_shelf_start: Small
    keyword_order: Small
    keyword_order_unasked: Small
    keyword_others: Marks
    keyword_ids: Ints
    keyword_terms: Small
    keyword_match: Bytes
    keyword_group: Small
    keyword_bid: Ints
    keyword_fit: Reals
    keyword_fit_unasked: Reals
    keyword_worth: Reals
    keyword_worth_unasked: Reals
    group_ids: Ints
    group_campaign: Small
    group_audience: Bytes
    group_topics: Marks
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

    def words_of(self, terms: NDArray[np.integer]) -> list[str]:
        """Return the words of the terms at these positions."""
        texts = self.term_texts.data
        starts, stops = self.term_text_start[terms].tolist(), self.term_text_start[terms + 1].tolist()
        return [str(texts[start:stop], "utf-8") for start, stop in zip(starts, stops, strict=True)]

    def dump(self) -> bytes:
        """Return the snapshot as one blob that `load` reads back."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "version"}
        return pack(self.version, arrays)


def load(blob: bytes | memoryview) -> Snapshot:
    """Read a snapshot, its arrays where they lie; raises ValueError or KeyError when the blob is none."""
    version, arrays = unpack(blob)
    return Snapshot(version=version, **{name: arrays[name] for name in _ARRAYS})


_ARRAYS = tuple(field.name for field in fields(Snapshot) if field.name != "version")


def spread(starts: Small, rows: NDArray[np.integer]) -> tuple[Ints, Ints]:
    """Return, for rows of a flat layout, the flat positions of all their parts and the owner of each."""
    first = starts[rows]
    lengths = starts[rows + 1] - first
    owners = np.arange(len(rows)).repeat(lengths)
    shift = first - lengths.cumsum() + lengths
    return np.arange(len(owners)) + shift[owners], owners


def contains(sorted_values: NDArray[np.integer], asked: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Say for each asked value whether it is among the sorted ones."""
    if not len(sorted_values):
        return np.zeros(len(asked), dtype=np.bool_)
    places = sorted_values.searchsorted(asked)
    places[places == len(sorted_values)] = 0
    found: NDArray[np.bool_] = sorted_values[places] == asked
    return found


def mark_of(position: int) -> int:
    """Return one bit of 64 that stands for a term: where it is missing, so is the term."""
    return 1 << (position & 63)
