"""The classifier of the sensitivity gate: linear scores over a sentence vector and n-grams of jamo.

The vector passes through random Fourier features (Rahimi & Recht 2007), the n-grams through feature hashing
(Weinberger et al. 2009). `language.training.fit_sensitivity` fits the weights.
"""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from language.deobfuscation import decompose
from language.embed import DIMENSIONS, embed

Array = NDArray[np.float32]
CRISIS = "self_harm"
# Classes that must not be missed: their scores add to the risk.
STRICT_CLASSES = (CRISIS, "minors")
_STRICT_WEIGHT = np.float32(0.8)

# Only the risk and the strict classes have n-gram weights; the other classes use the vector alone, which
# keeps the file small.
NGRAM_SCORE_COUNT = 1 + len(STRICT_CLASSES)
HASH_BUCKETS = 2**18
FOURIER_FEATURE_COUNT = 2048
WEIGHTS_FILE = Path(__file__).with_name("sensitivity_head.npz")
# The classifier reads the head and the tail of a long prompt; the lexicon reads more of it.
HEAD_CHARS = 160
TAIL_CHARS = 80
_NGRAM_LENGTHS = (2, 3, 4, 5, 6, 7)
FEATURE_NORM = np.float32(2**0.5)
# The width of the Gaussian kernel that the Fourier features approximate.
_KERNEL_GAMMA = 0.25
_FOURIER_SEED = 7
_BLANKS = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Risks above which a text is sensitive: `named` if it holds an entry of the lexicon, else `plain`.

    A crisis score above `help` (or `named_help` beside an entry of self-harm) makes a help line lead the
    answer.
    """

    plain: float
    named: float
    help: float
    named_help: float


@dataclass(frozen=True, slots=True)
class Features:
    """Fourier features (FOURIER_FEATURE_COUNT,) of the vector; hash buckets (k,) and scaled counts (k,)."""

    fourier: Array
    buckets: NDArray[np.intp]
    counts: Array


@dataclass(frozen=True, slots=True)
class Head:
    """The fitted weights: a row for the risk and one for each of c classes, the strict classes first.

    `centre` (384,) is the mean sentence vector, `fourier_weights` (1 + c, FOURIER_FEATURE_COUNT),
    `ngram_weights` (NGRAM_SCORE_COUNT, HASH_BUCKETS), `biases` (1 + c,).
    """

    classes: tuple[str, ...]
    centre: Array
    fourier_weights: Array
    ngram_weights: Array
    biases: Array
    thresholds: Thresholds

    def read(self, features: Features) -> tuple[float, str, float]:
        """Return the risk, the class with the highest score, and the score of a crisis."""
        # einsum and not BLAS, whose threads wait for one another longer than the sum takes on a busy machine.
        scores = np.einsum("cw,w->c", self.fourier_weights, features.fourier) + self.biases
        scores[:NGRAM_SCORE_COUNT] += np.einsum(
            "cb,b->c", self.ngram_weights[:, features.buckets], features.counts
        )
        risk = combine_risk(scores[None])[0]
        return (
            float(risk),
            self.classes[int(scores[1:].argmax())],
            float(scores[1 + STRICT_CLASSES.index(CRISIS)]),
        )


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A sensitive class suspected; only a strong suspicion is reason enough to answer with a help line."""

    topic: str
    is_strong: bool


def classify(plain: str, names: Sequence[str], margin: float = 0.0) -> Suspicion | None:
    """Return the class that a deobfuscated text is suspected of; None if its risk is below the threshold.

    `names` are the classes of its lexicon entries; `margin` raises the threshold.
    """
    head = load_head()
    features = extract_features(plain, head.centre)
    risk, topic, crisis = head.read(features)
    thresholds = head.thresholds
    if risk <= (thresholds.named if names else thresholds.plain) + margin:
        return None
    return Suspicion(
        topic, is_strong=crisis > (thresholds.named_help if CRISIS in names else thresholds.help)
    )


def combine_risk(scores: Array) -> Array:
    """Return the risks (n,) of scores (n, >= 3): the first column plus a share of the higher strict class."""
    strict = scores[:, 1:NGRAM_SCORE_COUNT].max(axis=1)
    risks: Array = scores[:, 0] + _STRICT_WEIGHT * np.maximum(strict, 0)
    return risks


def extract_features(plain: str, centre: Array) -> Features:
    """Return the features of a deobfuscated text."""
    excerpt = head_and_tail(plain)
    return Features(fourier_features(embed([excerpt])[0] - centre), *jamo_ngrams(excerpt))


def fourier_features(vector: Array) -> Array:
    """Return random Fourier features (FOURIER_FEATURE_COUNT,) of the direction of a vector (384,).

    A linear head over them approximates a Gaussian kernel machine over directions (Rahimi & Recht 2007).
    """
    frequencies, phases = _fourier_basis()
    direction = vector / max(float(np.linalg.norm(vector)), 1e-9)
    angles = np.einsum("wd,d->w", frequencies, direction) + phases
    features: Array = FEATURE_NORM * np.float32((2 / FOURIER_FEATURE_COUNT) ** 0.5) * np.cos(angles)
    return features.astype(np.float32)


@cache
def _fourier_basis() -> tuple[Array, Array]:
    # RandomState and not a Generator: NumPy guarantees its stream, so the file need not hold the basis.
    random = np.random.RandomState(_FOURIER_SEED)
    frequencies = random.standard_normal((DIMENSIONS, FOURIER_FEATURE_COUNT)).T * _KERNEL_GAMMA**0.5
    phases = random.uniform(0, 2 * np.pi, FOURIER_FEATURE_COUNT)
    return np.ascontiguousarray(frequencies, dtype=np.float32), phases.astype(np.float32)


def ngram_risk(plain: str) -> float:
    """Return the risk by n-grams alone: a rough estimate in a hundredth of the time that a vector takes."""
    buckets, counts = jamo_ngrams(plain)
    scores = np.einsum("cb,b->c", load_head().ngram_weights[:, buckets], counts)
    return float(combine_risk(scores[None])[0])


def jamo_ngrams(plain: str) -> tuple[NDArray[np.intp], Array]:
    """Return the hash buckets (k,) of n-grams of 2 to 7 jamo, and the scaled roots of their shares (k,)."""
    jamo = f"_{_BLANKS.sub('_', decompose(plain))}_".encode("utf-32-le")
    hashes = [
        zlib.crc32(jamo[start : start + 4 * length]) % HASH_BUCKETS
        for length in _NGRAM_LENGTHS
        for start in range(0, len(jamo) - 4 * length + 1, 4)
    ]
    buckets, times = np.unique(np.array(hashes, dtype=np.intp), return_counts=True)
    counts = FEATURE_NORM * np.sqrt(times / max(len(hashes), 1))
    return buckets, counts.astype(np.float32)


@cache
def load_head() -> Head:
    """Return the shipped weights, read once per process."""
    with np.load(WEIGHTS_FILE, allow_pickle=False) as numbers:
        return Head(
            classes=tuple(str(name) for name in numbers["classes"]),
            centre=numbers["centre"].astype(np.float32),
            fourier_weights=numbers["waves"].astype(np.float32) * numbers["wave_steps"][:, None],
            ngram_weights=numbers["grams"].astype(np.float32) * numbers["gram_steps"][:, None],
            biases=numbers["biases"].astype(np.float32),
            thresholds=Thresholds(*(float(number) for number in numbers["thresholds"])),
        )


def head_and_tail(plain: str) -> str:
    """Return the beginning and the end of a long text, or all of a short one."""
    if len(plain) <= HEAD_CHARS + TAIL_CHARS:
        return plain
    return f"{plain[:HEAD_CHARS]} {plain[-TAIL_CHARS:]}"


def is_in_head_or_tail(plain: str, position: int) -> bool:
    """Return whether `head_and_tail` keeps the character at this position."""
    return (
        position < HEAD_CHARS or position >= len(plain) - TAIL_CHARS or len(plain) <= HEAD_CHARS + TAIL_CHARS
    )
