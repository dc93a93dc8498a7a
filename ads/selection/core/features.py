"""What the click model looks at: numbered features of an ad and its place, hashed alone and in pairs.

The same features are taken when an ad is chosen and when the model learns from what became of it.
"""

import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ads.selection.core.click_model import BUCKETS, BucketArray

# From the ad itself to its trade, then the place: what is new is still known by what it belongs to.
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
# Another list of features is another model: the learner begins anew when this changes.
FEATURES_VERSION = zlib.crc32(repr((FEATURES, FEATURE_PAIRS, BUCKETS)).encode())

_LEFT = np.array([*range(len(FEATURES)), *(FEATURES.index(left) for left, _ in FEATURE_PAIRS)])
_RIGHT = np.array([-1] * len(FEATURES) + [FEATURES.index(right) for _, right in FEATURE_PAIRS])
_SALT = np.arange(1, len(_LEFT) + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15 % (1 << 58))
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_SHIFT = np.uint64(29)

FeatureValue = int | NDArray[np.integer]


def hash_features(features: Mapping[str, FeatureValue], count: int) -> BucketArray:
    """Return for each of `count` ads the buckets of its features; a single number holds for all of them."""
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


def hash_word(word: str) -> int:
    """Return a number for a word; none for none."""
    return zlib.crc32(word.encode()) if word else 0


def korean_hour(second: int) -> int:
    """Return the hour in Korea at this second of the epoch."""
    return (second // 3600 + 9) % 24
