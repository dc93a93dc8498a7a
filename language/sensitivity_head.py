"""The classifier behind the sensitivity gate: linear heads over a sentence vector and runs of jamo."""

import re
import zlib
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from language.deobfuscation import decompose
from language.embed import DIMENSIONS, embed

Array = NDArray[np.float32]
CRISIS = "self_harm"
# Classes that must not be missed: what looks like them counts as riskier.
STRICT_CLASSES = (CRISIS, "minors")
_STRICT_WEIGHT = np.float32(0.8)

# Scores that runs of jamo count for; other classes are told by the vector alone, which keeps the file small.
NGRAM_SCORE_COUNT = 3
HASH_BUCKETS = 2**18
FOURIER_FEATURE_COUNT = 2048
WEIGHTS_FILE = Path(__file__).with_name("sensitivity_head.npz")
# Enough of a long prompt to tell its subject; the lexicon reads the rest.
HEAD_CHARS = 160
TAIL_CHARS = 80
_NGRAM_LENGTHS = (2, 3, 4, 5, 6, 7)
NGRAM_SCALE = np.float32(2**0.5)
# How quickly sentences grow strangers: the width of the Gaussian kernel that the waves approximate.
_KERNEL_GAMMA = 0.25
_FOURIER_SEED = 7
_LARGEST_STEP = 127
_BLANKS = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The least risks that count: `named` in a text with an entry of the lexicon, else `plain`.

    Where the score of the crisis alone is above `help`, it is told so clearly that help leads the answer;
    beside an entry that may name a crisis `named_help` is enough.
    """

    plain: float
    named: float
    help: float
    named_help: float


@dataclass(frozen=True, slots=True)
class Features:
    """What the head looks at: waves over the sentence vector, and the runs of jamo that are there."""

    waves: Array
    buckets: NDArray[np.intp]
    counts: Array


@dataclass(frozen=True, slots=True)
class Head:
    """Fitted numbers: a row of weights for the risk and one for each class; `centre` is the mean vector.

    The strict classes come first, as runs of jamo are weighed for the risk and for them alone.
    """

    classes: tuple[str, ...]
    centre: Array
    fourier_weights: Array
    ngram_weights: Array
    biases: Array
    thresholds: Thresholds

    def read(self, features: Features) -> tuple[float, str, float]:
        """Return how risky these features look, the class that fits best, and how much a crisis fits."""
        # Not by BLAS, whose threads wait for one another on a busy machine, longer than the sum takes.
        scores = np.einsum("cw,w->c", self.fourier_weights, features.waves) + self.biases
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
    """Return what this undisguised text smells of, or nothing; `names` are the classes its words name.

    `margin` is how far above the least its risk must be.
    """
    head = load_head()
    features = extract_features(plain, head.centre)
    risk, topic, crisis = head.read(features)
    least = head.thresholds
    if risk <= (least.named if names else least.plain) + margin:
        return None
    return Suspicion(topic, is_strong=crisis > (least.named_help if CRISIS in names else least.help))


def combine_risk(scores: Array) -> Array:
    """Return the risk of each row of scores: the first column, and more where a strict class is likely."""
    strict = scores[:, 1:NGRAM_SCORE_COUNT].max(axis=1)
    risks: Array = scores[:, 0] + _STRICT_WEIGHT * np.maximum(strict, 0)
    return risks


def extract_features(plain: str, centre: Array) -> Features:
    """Return the numbers the head looks at."""
    ends = head_and_tail(plain)
    return Features(fourier_features(embed([ends])[0] - centre), *jamo_ngrams(ends))


def fourier_features(vector: Array) -> Array:
    """Return random Fourier features of a direction, so that a linear head can bend around its neighbours."""
    turns, phases = _fourier_basis()
    direction = vector / max(float(np.linalg.norm(vector)), 1e-9)
    turned = np.einsum("wd,d->w", turns, direction) + phases
    waves: Array = NGRAM_SCALE * np.float32((2 / FOURIER_FEATURE_COUNT) ** 0.5) * np.cos(turned)
    return waves.astype(np.float32)


@cache
def _fourier_basis() -> tuple[Array, Array]:
    # RandomState and not a Generator: its numbers will never change, so the file need not hold them.
    drawn = np.random.RandomState(_FOURIER_SEED)
    turns = drawn.standard_normal((DIMENSIONS, FOURIER_FEATURE_COUNT)).T * _KERNEL_GAMMA**0.5
    phases = drawn.uniform(0, 2 * np.pi, FOURIER_FEATURE_COUNT)
    return np.ascontiguousarray(turns, dtype=np.float32), phases.astype(np.float32)


def ngram_risk(plain: str) -> float:
    """Return the risk by runs of jamo alone, without a vector: a hundredth of the time, and a hint."""
    buckets, counts = jamo_ngrams(plain)
    scores = np.einsum("cb,b->c", load_head().ngram_weights[:, buckets], counts)
    return float(combine_risk(scores[None])[0])


def jamo_ngrams(plain: str) -> tuple[NDArray[np.intp], Array]:
    """Count runs of two to seven jamo: the buckets they fall into, and a scaled unit vector over those."""
    jamo = f"_{_BLANKS.sub('_', decompose(plain))}_".encode("utf-32-le")
    runs = [
        zlib.crc32(jamo[start : start + 4 * length]) % HASH_BUCKETS
        for length in _NGRAM_LENGTHS
        for start in range(0, len(jamo) - 4 * length + 1, 4)
    ]
    buckets, times = np.unique(np.array(runs, dtype=np.intp), return_counts=True)
    counts = NGRAM_SCALE * np.sqrt(times / max(len(runs), 1))
    return buckets, counts.astype(np.float32)


@cache
def load_head() -> Head:
    """Read the shipped weights once a process."""
    with np.load(WEIGHTS_FILE, allow_pickle=False) as numbers:
        return Head(
            classes=tuple(str(name) for name in numbers["classes"]),
            centre=numbers["centre"].astype(np.float32),
            fourier_weights=numbers["waves"].astype(np.float32) * numbers["wave_steps"][:, None],
            ngram_weights=numbers["grams"].astype(np.float32) * numbers["gram_steps"][:, None],
            biases=numbers["biases"].astype(np.float32),
            thresholds=Thresholds(*(float(number) for number in numbers["thresholds"])),
        )


def save_head(head: Head, provenance: str) -> None:
    """Write the weights, in a byte each, with the sentence that says where they come from."""
    waves, wave_steps = _quantise(head.fourier_weights)
    grams, gram_steps = _quantise(head.ngram_weights)
    np.savez_compressed(
        WEIGHTS_FILE,
        classes=np.array(head.classes),
        centre=head.centre.astype(np.float32),
        waves=waves,
        wave_steps=wave_steps,
        grams=grams,
        gram_steps=gram_steps,
        biases=head.biases.astype(np.float32),
        thresholds=np.array(astuple(head.thresholds), dtype=np.float32),
        provenance=np.array(provenance),
    )


def _quantise(weights: Array) -> tuple[NDArray[np.int8], Array]:
    steps = np.abs(weights).max(axis=1) / _LARGEST_STEP
    return np.round(weights / steps[:, None]).astype(np.int8), steps.astype(np.float32)


def head_and_tail(plain: str) -> str:
    """Return enough of a long prompt to tell its subject."""
    if len(plain) <= HEAD_CHARS + TAIL_CHARS:
        return plain
    return f"{plain[:HEAD_CHARS]} {plain[-TAIL_CHARS:]}"


def is_in_head_or_tail(plain: str, position: int) -> bool:
    """Say whether the head reads what stands at this place of a text."""
    return (
        position < HEAD_CHARS or position >= len(plain) - TAIL_CHARS or len(plain) <= HEAD_CHARS + TAIL_CHARS
    )
