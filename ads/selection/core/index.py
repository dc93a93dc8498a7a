"""The snapshot: the inventory as flat arrays with posting lists per vocabulary term, read-only.

Serialised, a snapshot is one blob whose arrays are used in place: loading copies nothing, so that a swap does
not delay requests.
"""

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Int64Array = NDArray[np.int64]
Int32Array = NDArray[np.int32]
Int8Array = NDArray[np.int8]
UInt8Array = NDArray[np.uint8]
UInt64Array = NDArray[np.uint64]
Float32Array = NDArray[np.float32]
Float64Array = NDArray[np.float64]

# The blob starts with this; each array starts at a multiple of ALIGNMENT bytes.
MAGIC = b"JJSNAP1\n"
ALIGNMENT = 64
Arrays = dict[str, NDArray[Any]]

EXACT, PHRASE, BROAD = 0, 1, 2
# Each term has four posting lists: exact keywords, phrase keywords, broad keywords of this term alone, and
# broad keywords that require other terms too.
LISTS_PER_TERM = 4
MATCHES = ("exact", "phrase", "broad")
LANGUAGES = ("any", "ko", "en")
DEVICES = ("any", "desktop", "mobile")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One published state of the inventory.

    Arrays of one kind of row share a prefix and a length: term, keyword, group, campaign, creative. A
    `..._start` array of shape (rows + 1,) holds where each row's part of a flat array begins.
    `keyword_shelf_start` holds the bounds of the posting lists, LISTS_PER_TERM for each term, and
    `keyword_order` the keywords of each list by descending value. `keyword_worth` is an upper bound of a
    keyword's score.
    `keyword_others` is a signature (`signature_bit`) of the other terms that a broad keyword requires.
    `gloss_terms` are the terms that requests may name as near, each with a text and 384 bytes of a vector,
    and `near_keywords` holds the keywords that each of them finds. `click_model` holds the version, trust and
    calibration of the model whose weights are in `click_weights`.
    """

    version: str
    term_ids: Int64Array
    term_texts: UInt8Array
    term_text_start: Int64Array
    term_token_start: Int32Array
    term_tokens: Int32Array
    keyword_shelf_start: Int32Array
    keyword_order: Int32Array
    keyword_others: UInt64Array
    keyword_ids: Int64Array
    keyword_terms: Int32Array
    keyword_match: UInt8Array
    keyword_group: Int32Array
    keyword_bid: Int64Array
    keyword_fit: Float32Array
    keyword_worth: Float32Array
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
    gloss_terms: Int32Array
    gloss_texts: UInt8Array
    gloss_text_start: Int64Array
    gloss_vectors: Int8Array
    near_start: Int32Array
    near_keywords: Int32Array
    click_weights: Float32Array
    click_model: Float64Array

    def words_of(self, terms: NDArray[np.integer]) -> list[str]:
        """Return the texts of the terms at these positions."""
        texts = self.term_texts.data
        starts, stops = self.term_text_start[terms].tolist(), self.term_text_start[terms + 1].tolist()
        return [str(texts[start:stop], "utf-8") for start, stop in zip(starts, stops, strict=True)]

    def dump(self) -> bytes:
        """Serialise the snapshot for `load_snapshot`."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "version"}
        return pack(self.version, arrays)


def load_snapshot(blob: bytes | memoryview) -> Snapshot:
    """Read a serialised snapshot without copying; raises ValueError or KeyError when it is damaged."""
    version, arrays = unpack(blob)
    return Snapshot(version=version, **{name: arrays[name] for name in _ARRAYS})


_ARRAYS = tuple(field.name for field in fields(Snapshot) if field.name != "version")


def int64_array(numbers: Iterable[int]) -> Int64Array:
    """Return the numbers as an array of shape (n,)."""
    return np.fromiter(numbers, dtype=np.int64)


def expand_ranges(starts: Int32Array, rows: NDArray[np.integer]) -> tuple[Int64Array, Int64Array]:
    """Return the flat positions of all parts of these rows, and for each the index of its row in `rows`.

    `starts` has shape (all rows + 1,), `rows` (n,); both results have one entry for each part.
    """
    first = starts[rows]
    lengths = starts[rows + 1] - first
    owners = np.arange(len(rows)).repeat(lengths)
    shift = first - lengths.cumsum() + lengths
    return np.arange(len(owners)) + shift[owners], owners


def is_in_sorted(sorted_values: NDArray[np.integer], values: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return for each of `values`, shape (n,), whether it is among the sorted values."""
    if not len(sorted_values):
        return np.zeros(len(values), dtype=np.bool_)
    places = sorted_values.searchsorted(values)
    places[places == len(sorted_values)] = 0
    found: NDArray[np.bool_] = sorted_values[places] == values
    return found


def signature_bit(position: int) -> int:
    """Return the bit of a term in a 64-bit Bloom signature: where the bit is missing, so is the term."""
    return 1 << (position & 63)


def pack(version: str, arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the arrays as one blob: a JSON header with offsets, then the arrays at aligned addresses."""
    entries: dict[str, tuple[str, int, int]] = {}
    body = bytearray()
    for name, array in arrays.items():
        body += bytes(-len(body) % ALIGNMENT)
        entries[name] = (array.dtype.str, len(array), len(body))
        body += np.ascontiguousarray(array).tobytes()
    head = json.dumps({"version": version, "arrays": entries, "crc": zlib.crc32(body)}).encode()
    start = MAGIC + len(head).to_bytes(4, "little") + head
    return start + bytes(-len(start) % ALIGNMENT) + body


def unpack(blob: bytes | memoryview) -> tuple[str, Arrays]:
    """Return the version and the arrays, views of the blob; raises ValueError or KeyError if damaged."""
    if blob[: len(MAGIC)] != MAGIC:
        raise ValueError("not a snapshot")
    size = int.from_bytes(blob[len(MAGIC) : len(MAGIC) + 4], "little")
    first = len(MAGIC) + 4
    head = json.loads(bytes(blob[first : first + size]))
    body = memoryview(blob)[first + size + (-(first + size) % ALIGNMENT) :]
    if zlib.crc32(body) != head["crc"]:
        raise ValueError("a damaged snapshot")
    arrays: Arrays = {}
    for name, (dtype, count, offset) in head["arrays"].items():
        kind = np.dtype(dtype)
        if kind.kind not in "iuf":
            raise ValueError(f"{name}: numbers only")
        # An empty array may lie behind the end of the blob.
        arrays[name] = np.frombuffer(body, kind, count, offset) if count else np.zeros(0, kind)
    return str(head["version"]), arrays
