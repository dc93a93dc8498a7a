"""A prompt as numbers for the router: signed hashes of its words, word pairs and pieces, and its shape."""

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
    pieces = Counter(f"w{token}" for token in tokens)
    pieces.update(f"b{first} {second}" for first, second in itertools.pairwise(tokens))
    for token in tokens:
        padded = f" {token} "
        for size in _NGRAM_SIZES:
            pieces.update(padded[start : start + size] for start in range(len(padded) - size + 1))
    as_written = TOKEN.findall(text)
    pieces.update({f"^{token}": 2 for token in as_written[:_EDGE]})
    pieces.update({f"${token}": 2 for token in as_written[-_EDGE:]})
    return pieces


def _hash_ngrams(text: str) -> Vectors:
    """Count pieces in hashed cells with a sign each, so that what falls together cancels out on average."""
    cells = np.zeros(HASHED_WORDS, dtype=np.float32)
    for piece, times in _list_ngrams(text).items():
        code = zlib.crc32(piece.encode())
        cells[(code >> 1) % HASHED_WORDS] += np.log1p(times) * (1 if code & 1 else -1)
    return cells / (np.linalg.norm(cells) + np.float32(1e-9))


def extract_router_features(prompts: Sequence[str]) -> Vectors:
    """Return one row of numbers for every prompt; the product of two rows says how alike they are."""
    words = np.array([_hash_ngrams(clip_prompt(prompt)) for prompt in prompts])
    return np.concatenate([words, extract_prompt_features(prompts)[:, HASH_BUCKETS:]], axis=1)
