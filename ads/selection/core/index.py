"""The inventory in memory: numbers in flat arrays, found by vocabulary id. Read-only, for all threads."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ads.selection.core.snapshot_format import pack, unpack

Int64Array = NDArray[np.int64]
Int32Array = NDArray[np.int32]
UInt8Array = NDArray[np.uint8]
UInt64Array = NDArray[np.uint64]
Float32Array = NDArray[np.float32]
Float64Array = NDArray[np.float64]

EXACT, PHRASE, BROAD = 0, 1, 2
# Each term has four shelves of keywords: exact ones, phrases, broad ones that ask for nothing else, and broad
# ones that ask for other words too.
LISTS_PER_TERM = 4
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
    term_ids: Int64Array
    term_texts: UInt8Array
    term_text_start: Int64Array
    term_kind: UInt8Array
    term_token_start: Int32Array
    term_tokens: Int32Array
    keyword_shelf_start: Int32Array
    keyword_order: Int32Array
    keyword_order_unasked: Int32Array
    keyword_others: UInt64Array
    keyword_ids: Int64Array
    keyword_terms: Int32Array
    keyword_match: UInt8Array
    keyword_group: Int32Array
    keyword_bid: Int64Array
    keyword_fit: Float32Array
    keyword_fit_unasked: Float32Array
    keyword_worth: Float32Array
    keyword_worth_unasked: Float32Array
    group_ids: Int64Array
    group_campaign: Int32Array
    group_audience: UInt8Array
    group_topics: UInt64Array
    group_negative_start: Int32Array
    group_negatives: Int32Array
    group_creative_start: Int32Array
    group_rate: Float32Array
    creative_ids: Int64Array
    creative_rates: Float32Array
    creative_views: Int32Array
    campaign_ids: Int64Array
    campaign_advertiser: Int64Array
    campaign_category: Int32Array
    campaign_starts: Int64Array
    campaign_ends: Int64Array
    campaign_views_a_person: Int32Array
    campaign_reserve: Int64Array
    click_weights: Float32Array
    click_model: Float64Array

    def words_of(self, terms: NDArray[np.integer]) -> list[str]:
        """Return the words of the terms at these positions."""
        texts = self.term_texts.data
        starts, stops = self.term_text_start[terms].tolist(), self.term_text_start[terms + 1].tolist()
        return [str(texts[start:stop], "utf-8") for start, stop in zip(starts, stops, strict=True)]

    def dump(self) -> bytes:
        """Return the snapshot as one blob that `load` reads back."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "version"}
        return pack(self.version, arrays)


def load_snapshot(blob: bytes | memoryview) -> Snapshot:
    """Read a snapshot, its arrays where they lie; raises ValueError or KeyError when the blob is none."""
    version, arrays = unpack(blob)
    return Snapshot(version=version, **{name: arrays[name] for name in _ARRAYS})


_ARRAYS = tuple(field.name for field in fields(Snapshot) if field.name != "version")


def expand_ranges(starts: Int32Array, rows: NDArray[np.integer]) -> tuple[Int64Array, Int64Array]:
    """Return, for rows of a flat layout, the flat positions of all their parts and the owner of each."""
    first = starts[rows]
    lengths = starts[rows + 1] - first
    owners = np.arange(len(rows)).repeat(lengths)
    shift = first - lengths.cumsum() + lengths
    return np.arange(len(owners)) + shift[owners], owners


def is_in_sorted(sorted_values: NDArray[np.integer], asked: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Say for each asked value whether it is among the sorted ones."""
    if not len(sorted_values):
        return np.zeros(len(asked), dtype=np.bool_)
    places = sorted_values.searchsorted(asked)
    places[places == len(sorted_values)] = 0
    found: NDArray[np.bool_] = sorted_values[places] == asked
    return found


def signature_bit(position: int) -> int:
    """Return one bit of 64 that stands for a term: where it is missing, so is the term."""
    return 1 << (position & 63)
