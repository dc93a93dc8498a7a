"""What a prompt is after: the probability that its writer is choosing or buying, and that it is work.

Both are linear scores over what the gate has computed of a prompt, the Fourier features of its static vector
and its n-grams of jamo, and over hashed pieces and their pairs (Weinberger et al. 2009), turned into
probabilities by a logistic curve each (Platt 1999). No sentence is embedded for it. `language.training.
fit_intent` distils the weights from a teacher that reads sentence vectors too.
"""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from language.sensitivity_head import Array, jamo_ngrams, static_fourier
from language.static_vectors import load_token_table

WEIGHTS_FILE = Path(__file__).with_name("intent_head.npz")
PIECE_BUCKETS = 2**16
SCORES = ("commercial", "work")
# Shares of prompts, in percent, for which the file has a threshold.
MAX_SHARE = 20
_SHAPE_CHARS = 2_000
_HASH_FACTOR, _HASH_MASK = 0x9E3779B97F4A7C15, 2**64 - 1
_HASH_SHIFT = 64 - PIECE_BUCKETS.bit_length() + 1
_DIGITS = re.compile(r"\d+")
_QUOTES = re.compile(r"[\"'“‘`]")
_MOST_NUMBERS = 3
_MOST_LENGTH = 12

Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Intent:
    """The probability of commercial intent, and of work that no ad should interrupt."""

    commercial: float
    work: float


@dataclass(frozen=True, slots=True)
class Features:
    """A prompt's Fourier features (f,), and the buckets and counts of its jamo (j,) and its pieces (p,)."""

    fourier: Array
    jamo: Indices
    jamo_counts: Array
    pieces: Indices
    piece_counts: Array


@dataclass(frozen=True, slots=True)
class IntentHead:
    """The fitted weights of each of SCORES.

    `fourier` is (2, f), `jamo` (HASH_BUCKETS, 2) and `pieces` (PIECE_BUCKETS, 2), whose levels are worth
    `steps` (2, 2): the weights of a bucket lie together, as each bucket is a miss of the processor's cache.
    `curves` (2, 2) hold the slope and the level of each logistic curve. `thresholds` (2, MAX_SHARE) are the
    probabilities of commercial intent that 1 % to MAX_SHARE % of non-commercial prompts exceed, and the
    probabilities of work that 1 % to MAX_SHARE % of the commercial ones do.
    """

    fourier: Array
    jamo: NDArray[np.int8]
    pieces: NDArray[np.int8]
    steps: Array
    biases: Array
    curves: Array
    thresholds: Array

    def read(self, features: Features) -> Intent:
        """Return the probabilities of a prompt with these features."""
        scores = np.einsum("sf,f->s", self.fourier, features.fourier) + self.biases
        scores += self.steps[0] * (features.jamo_counts @ self.jamo[features.jamo])
        scores += self.steps[1] * (features.piece_counts @ self.pieces[features.pieces])
        commercial, work = 1 / (1 + np.exp(-(self.curves[0] * scores + self.curves[1])))
        return Intent(float(commercial), float(work))


def read_intent(text: str, excerpt: str) -> Intent:
    """Return what a prompt is after; `excerpt` is the part of its normalised text that classifiers read."""
    return load_intent_head().read(extract_features(text, excerpt))


def commercial_threshold(share: int) -> float:
    """Return the probability of commercial intent that at most `share` % of non-commercial prompts exceed."""
    return float(load_intent_head().thresholds[0, share - 1])


def work_threshold(share: int) -> float:
    """Return the probability of work that at most `share` % of commercial prompts exceed."""
    return float(load_intent_head().thresholds[1, share - 1])


@cache
def load_intent_head() -> IntentHead:
    """Return the shipped weights, read once per process."""
    with np.load(WEIGHTS_FILE, allow_pickle=False) as file:
        names = ("fourier", "steps", "biases", "curves", "thresholds")
        numbers = {name: file[name].astype(np.float32) for name in names}
        jamo, pieces = (np.ascontiguousarray(file[name].T) for name in ("jamo", "pieces"))
        return IntentHead(jamo=jamo, pieces=pieces, **numbers)


def extract_features(text: str, excerpt: str) -> Features:
    """Return the features of a prompt; the first two were computed when the gate read it."""
    jamo, jamo_counts = jamo_ngrams(excerpt)
    pieces, piece_counts = hash_pieces(text, excerpt)
    return Features(static_fourier(excerpt), jamo, jamo_counts, pieces, piece_counts)


def hash_pieces(text: str, excerpt: str) -> tuple[Indices, Array]:
    """Return the buckets (k,) of a prompt's pieces and their counts (k,), whose squares sum to one.

    Hashed are pieces, pairs of neighbours, those that begin and end the prompt, and its shape.
    """
    rows = load_token_table().list_rows(excerpt)
    hashes = [_hash(1, row) for row in rows]
    hashes += [_hash(2, row, after) for row, after in pairwise(rows)]
    hashes += [_hash(3, row) for row in rows[:2]] + [_hash(4, row) for row in rows[-3:]]
    hashes += [_hash(5, *rows[:2]), _hash(6, *rows[-2:]), _hash(7, *rows[-3:])]
    hashes += [_hash(8, place, each) for place, each in enumerate(_describe_shape(text))]
    times = Counter(hashes)
    buckets, counts = np.array(list(times), dtype=np.intp), np.sqrt(np.array(list(times.values())))
    return buckets, (counts / np.sqrt(len(hashes))).astype(np.float32)


def _hash(*numbers: int) -> int:
    # Multiplicative hashing (Knuth 1973): the high bits are the well-mixed ones.
    mixed = 0
    for number in numbers:
        mixed = ((mixed ^ (number + 1)) * _HASH_FACTOR) & _HASH_MASK
    return mixed >> _HASH_SHIFT


def _describe_shape(text: str) -> list[int]:
    text = text.strip()
    read = text if len(text) <= _SHAPE_CHARS else text[:_SHAPE_CHARS]
    return [
        min(_MOST_LENGTH, int(2 * np.log2(len(text) + 1))),
        text.endswith("?"),
        min(_MOST_NUMBERS, len(_DIGITS.findall(read))),
        ":" in read,
        _QUOTES.search(read) is not None,
        "\n" in read,
    ]
