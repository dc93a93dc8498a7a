"""Features of the learned router: signed hashes of words, word pairs and character n-grams, and layout.

Not yet served: they will be served by the live-ensemble work, as will training/fit_router.py.
"""

import itertools
import zlib
from collections import Counter
from collections.abc import Sequence

import numpy as np

from aggregator.pipeline.routing.topic_classifier import (
    HASH_BUCKETS,
    TOKEN,
    Vectors,
    clip_prompt,
    extract_prompt_features,
)

HASHED_WORDS = 4_096
_NGRAM_SIZES = (3, 4, 5)
_EDGE = 3


def _list_ngrams(text: str) -> Counter[str]:
    tokens = TOKEN.findall(text.lower())
    ngrams = Counter(f"w{token}" for token in tokens)
    ngrams.update(f"b{first} {second}" for first, second in itertools.pairwise(tokens))
    for token in tokens:
        padded = f" {token} "
        for size in _NGRAM_SIZES:
            ngrams.update(padded[start : start + size] for start in range(len(padded) - size + 1))
    as_written = TOKEN.findall(text)
    ngrams.update({f"^{token}": 2 for token in as_written[:_EDGE]})
    ngrams.update({f"${token}": 2 for token in as_written[-_EDGE:]})
    return ngrams


def _hash_ngrams(text: str) -> Vectors:
    """Return signed hashed counts of n-grams, a unit vector of shape (buckets,).

    Feature hashing (Weinberger et al., 2009): with signs, collisions cancel out on average.
    """
    buckets = np.zeros(HASHED_WORDS, dtype=np.float32)
    for ngram, times in _list_ngrams(text).items():
        code = zlib.crc32(ngram.encode())
        buckets[(code >> 1) % HASHED_WORDS] += np.log1p(times) * (1 if code & 1 else -1)
    return buckets / (np.linalg.norm(buckets) + np.float32(1e-9))


def extract_router_features(prompts: Sequence[str]) -> Vectors:
    """Return an array of shape (prompts, features); the dot product of two rows is their similarity."""
    words = np.array([_hash_ngrams(clip_prompt(prompt)) for prompt in prompts])
    return np.concatenate([words, extract_prompt_features(prompts)[:, HASH_BUCKETS:]], axis=1)
