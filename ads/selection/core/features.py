"""Features of the click model: 13 numbers of an ad and its context, hashed alone and in pairs into buckets.

Training and serving build their features with the same function, `bucket_features`.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ads.selection.core.click_model import BUCKETS, BucketArray

# From the ad itself up to its category, then its context: a new ad is still known by what it belongs to.
FEATURES = (
    "creative", "group", "campaign", "advertiser", "category", "keyword",
    "match", "fit", "topic", "language", "device", "placement", "hour",
)  # fmt: skip
FEATURE_PAIRS = (
    ("creative", "topic"), ("campaign", "topic"), ("advertiser", "topic"), ("category", "topic"),
    ("creative", "match"), ("campaign", "match"), ("category", "match"), ("match", "fit"),
    ("creative", "keyword"), ("creative", "device"), ("category", "device"), ("category", "language"),
    ("category", "hour"), ("topic", "match"),
)  # fmt: skip
# A stored model of other features is ignored: training starts anew when this value changes.
FEATURES_VERSION = zlib.crc32(repr((FEATURES, FEATURE_PAIRS, BUCKETS)).encode())

_LEFT = np.array([*range(len(FEATURES)), *(FEATURES.index(left) for left, _ in FEATURE_PAIRS)])
_RIGHT = np.array([-1] * len(FEATURES) + [FEATURES.index(right) for _, right in FEATURE_PAIRS])
# Constants of the SplitMix64 finaliser (Steele, Lea & Flood 2014).
_SALT = np.arange(1, len(_LEFT) + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15 % (1 << 58))
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_SHIFT = np.uint64(29)
KOREA_UTC_OFFSET_HOURS = 9

Int64Column = NDArray[np.int64]
FeatureValue = int | NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class ImpressionColumns:
    """Inputs of the click model for n impressions: arrays of shape (n,), or one value that holds for all.

    `match` is an index into MATCHES, `relevance` a share from 0 to 1, `second` a Unix time.
    """

    creative: Int64Column
    group: Int64Column
    campaign: Int64Column
    advertiser: Int64Column
    category: NDArray[np.integer]
    keyword: Int64Column
    match: NDArray[np.integer]
    relevance: NDArray[np.float32]
    topic: str | Sequence[str]
    language: str | Sequence[str]
    device: str | Sequence[str]
    placement: str | Sequence[str]
    second: int | Int64Column


def bucket_features(columns: ImpressionColumns) -> BucketArray:
    """Return the buckets of n impressions, shape (n, features + pairs), for training and for serving."""
    features: dict[str, FeatureValue] = {
        "creative": columns.creative,
        "group": columns.group,
        "campaign": columns.campaign,
        "advertiser": columns.advertiser,
        "category": columns.category,
        # A context hint has no keyword row; its negative id counts as no keyword.
        "keyword": np.maximum(columns.keyword, 0),
        "match": columns.match,
        "fit": (columns.relevance * 10).astype(np.int64),
        "topic": _hash_words(columns.topic),
        "language": _hash_words(columns.language),
        "device": _hash_words(columns.device),
        "placement": _hash_words(columns.placement),
        "hour": (columns.second // 3600 + KOREA_UTC_OFFSET_HOURS) % 24,
    }
    return hash_features(features, len(columns.creative))


def hash_features(features: Mapping[str, FeatureValue], count: int) -> BucketArray:
    """Return the buckets, shape (count, features + pairs); a single number holds for all `count` rows."""
    table = np.empty((count, len(FEATURES) + 1), dtype=np.uint64)
    for place, name in enumerate(FEATURES):
        table[:, place] = np.asarray(features[name], dtype=np.int64).astype(np.uint64)
    table[:, -1] = 0
    mixed = (table[:, _LEFT] + _SALT) * _FIRST
    mixed ^= mixed >> _SHIFT
    mixed = (mixed + table[:, _RIGHT]) * _SECOND
    mixed ^= mixed >> _SHIFT
    mixed *= _FIRST
    buckets: BucketArray = (mixed >> np.uint64(64 - BUCKETS.bit_length() + 1)).astype(np.int64)
    return buckets


def _hash_words(words: str | Sequence[str]) -> FeatureValue:
    if isinstance(words, str):
        return zlib.crc32(words.encode())
    return np.array([zlib.crc32(word.encode()) for word in words], dtype=np.int64)
