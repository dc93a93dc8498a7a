"""The classifier behind the sensitivity gate: a linear head over a sentence vector and runs of jamo."""

import re
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from language.disguise import decompose
from language.embed import DIMENSIONS, embed

Array = NDArray[np.float32]

BUCKETS = 4096
FEATURES = DIMENSIONS + BUCKETS
WEIGHTS_FILE = Path(__file__).with_name("sensitivity_head.npz")
# Enough of a long prompt to tell its subject; the lexicon reads the rest.
_HEAD_CHARS = 160
_TAIL_CHARS = 80
_GRAM_LENGTHS = (4, 5, 6, 7)
_GRAM_SCALE = np.float32(2**0.5)
_BLANKS = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True)
class Head:
    """Fitted numbers: `centre` is the mean sentence vector, the thresholds are the least risks that count."""

    classes: tuple[str, ...]
    centre: Array
    weights: Array
    bias: float
    class_weights: Array
    threshold: float
    crisis_threshold: float

    def risk(self, features: Array) -> float:
        """Return how sensitive these features look: about -1 for safe, about 1 for sensitive."""
        return float(self.weights @ features) + self.bias

    def likeliest(self, features: Array) -> str:
        """Return the class that fits best, whether or not the risk is high."""
        return self.classes[int((self.class_weights @ features[:DIMENSIONS]).argmax())]


@dataclass(frozen=True, slots=True)
class Smell:
    """A sensitive class suspected; only a strong suspicion is reason enough to answer with a help line."""

    topic: str
    is_strong: bool


def classify(plain: str) -> Smell | None:
    """Return what this undisguised text smells of, or nothing when it smells of nothing sensitive."""
    head = load_head()
    features = features_of(plain, head.centre)
    risk = head.risk(features)
    if risk <= head.threshold:
        return None
    return Smell(head.likeliest(features), is_strong=risk > head.crisis_threshold)


def features_of(plain: str, centre: Array) -> Array:
    """Return the numbers the head looks at: the centred sentence vector, then the jamo runs."""
    ends = ends_of(plain)
    vector = embed([ends])[0] - centre
    vector /= max(float(np.linalg.norm(vector)), 1e-9)
    return np.concatenate([vector, _GRAM_SCALE * grams_of(ends)]).astype(np.float32)


def grams_of(plain: str) -> Array:
    """Count runs of four to seven jamo into buckets, as a unit vector."""
    jamo = f"_{_BLANKS.sub('_', decompose(plain))}_".encode("utf-32-le")
    buckets = [
        zlib.crc32(jamo[start : start + 4 * length]) % BUCKETS
        for length in _GRAM_LENGTHS
        for start in range(0, len(jamo) - 4 * length + 1, 4)
    ]
    counts = np.sqrt(np.bincount(buckets, minlength=BUCKETS)) if buckets else np.zeros(BUCKETS)
    return (counts / max(float(np.linalg.norm(counts)), 1e-9)).astype(np.float32)


@cache
def load_head() -> Head:
    """Read the shipped weights once a process."""
    with np.load(WEIGHTS_FILE, allow_pickle=False) as numbers:
        return Head(
            classes=tuple(str(name) for name in numbers["classes"]),
            centre=numbers["centre"].astype(np.float32),
            weights=numbers["weights"].astype(np.float32),
            bias=float(numbers["bias"]),
            class_weights=numbers["class_weights"].astype(np.float32),
            threshold=float(numbers["threshold"]),
            crisis_threshold=float(numbers["crisis_threshold"]),
        )


def save_head(head: Head, provenance: str) -> None:
    """Write the weights with the sentence that says where they come from."""
    np.savez_compressed(
        WEIGHTS_FILE,
        classes=np.array(head.classes),
        centre=head.centre.astype(np.float32),
        weights=head.weights.astype(np.float16),
        bias=np.float32(head.bias),
        class_weights=head.class_weights.astype(np.float16),
        threshold=np.float32(head.threshold),
        crisis_threshold=np.float32(head.crisis_threshold),
        provenance=np.array(provenance),
    )


def ends_of(plain: str) -> str:
    """Return enough of a long prompt to tell its subject."""
    if len(plain) <= _HEAD_CHARS + _TAIL_CHARS:
        return plain
    return f"{plain[:_HEAD_CHARS]} {plain[-_TAIL_CHARS:]}"
