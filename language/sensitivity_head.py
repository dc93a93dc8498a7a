"""The classifier behind the sensitivity gate: a linear head over a sentence vector and runs of jamo."""

import re
import zlib
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from language.disguise import decompose
from language.embed import DIMENSIONS, embed

Array = NDArray[np.float32]
# What the word lists found in a text.
Words = Literal["none", "hinted", "named"]

CRISIS = "self_harm"

BUCKETS = 32768
WAVES = 2048
FEATURES = WAVES + BUCKETS
WEIGHTS_FILE = Path(__file__).with_name("sensitivity_head.npz")
# Enough of a long prompt to tell its subject; the lexicon reads the rest.
_HEAD_CHARS = 160
_TAIL_CHARS = 80
_GRAM_LENGTHS = (2, 3, 4, 5, 6, 7)
GRAM_SCALE = np.float32(2**0.5)
# How quickly sentences grow strangers: the width of the Gaussian kernel that the waves approximate.
_NARROWNESS = 2.0
_WAVES_SEED = 7
_BLANKS = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The least risks that count: the more a text gives away by its words, the less it takes.

    `plain` is for a text without any such word, `crisis` for one that is likeliest a crisis, `hinted` for one
    with a plain word of a sensitive class, `named` for one with an entry of the lexicon, which the head may
    overrule only when it is very sure. Above `help` a crisis is told so clearly that help leads the answer.
    """

    plain: float
    crisis: float
    hinted: float
    named: float
    help: float


@dataclass(frozen=True, slots=True)
class Features:
    """What the head looks at: waves over the sentence vector, and the runs of jamo that are there."""

    waves: Array
    buckets: NDArray[np.intp]
    counts: Array


@dataclass(frozen=True, slots=True)
class Head:
    """Fitted numbers: `centre` is the mean sentence vector, `thresholds` are the least risks that count."""

    classes: tuple[str, ...]
    centre: Array
    weights: Array
    bias: float
    class_weights: Array
    thresholds: Thresholds

    def risk(self, features: Features) -> float:
        """Return how sensitive these features look: about -1 for safe, about 1 for sensitive."""
        runs = self.weights[WAVES:][features.buckets] @ features.counts
        return float(self.weights[:WAVES] @ features.waves + runs) + self.bias

    def likeliest(self, features: Features) -> str:
        """Return the class that fits best, whether or not the risk is high."""
        return self.classes[int((self.class_weights @ features.waves).argmax())]


@dataclass(frozen=True, slots=True)
class Smell:
    """A sensitive class suspected; only a strong suspicion is reason enough to answer with a help line."""

    topic: str
    is_strong: bool


def classify(plain: str, words: Words) -> Smell | None:
    """Return what this undisguised text smells of, or nothing when it smells of nothing sensitive."""
    head = load_head()
    features = features_of(plain, head.centre)
    risk, topic = head.risk(features), head.likeliest(features)
    least = {
        "named": head.thresholds.named,
        "hinted": head.thresholds.hinted,
        "none": head.thresholds.crisis if topic == CRISIS else head.thresholds.plain,
    }
    return Smell(topic, is_strong=risk > head.thresholds.help) if risk > least[words] else None


def features_of(plain: str, centre: Array) -> Features:
    """Return the numbers the head looks at."""
    ends = ends_of(plain)
    return Features(waves_of(embed([ends])[0] - centre), *grams_of(ends))


def waves_of(vector: Array) -> Array:
    """Return random Fourier features of a direction, so that a linear head can bend around its neighbours."""
    turns, phases = _waves()
    direction = vector / max(float(np.linalg.norm(vector)), 1e-9)
    # Not by BLAS, whose threads wait for one another on a busy machine, longer than the sum takes.
    turned = np.einsum("wd,d->w", turns, direction) + phases
    waves: Array = GRAM_SCALE * np.float32((2 / WAVES) ** 0.5) * np.cos(turned)
    return waves.astype(np.float32)


@cache
def _waves() -> tuple[Array, Array]:
    # RandomState and not a Generator: its numbers will never change, so the file need not hold them.
    drawn = np.random.RandomState(_WAVES_SEED)
    turns = drawn.standard_normal((DIMENSIONS, WAVES)).T * _NARROWNESS**0.5
    phases = drawn.uniform(0, 2 * np.pi, WAVES)
    return np.ascontiguousarray(turns, dtype=np.float32), phases.astype(np.float32)


def grams_of(plain: str) -> tuple[NDArray[np.intp], Array]:
    """Count runs of two to seven jamo: the buckets they fall into, and a scaled unit vector over those."""
    jamo = f"_{_BLANKS.sub('_', decompose(plain))}_".encode("utf-32-le")
    runs = [
        zlib.crc32(jamo[start : start + 4 * length]) % BUCKETS
        for length in _GRAM_LENGTHS
        for start in range(0, len(jamo) - 4 * length + 1, 4)
    ]
    buckets, times = np.unique(np.array(runs, dtype=np.intp), return_counts=True)
    counts = GRAM_SCALE * np.sqrt(times / max(len(runs), 1))
    return buckets, counts.astype(np.float32)


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
            thresholds=Thresholds(*(float(number) for number in numbers["thresholds"])),
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
        thresholds=np.array(astuple(head.thresholds), dtype=np.float32),
        provenance=np.array(provenance),
    )


def ends_of(plain: str) -> str:
    """Return enough of a long prompt to tell its subject."""
    if len(plain) <= _HEAD_CHARS + _TAIL_CHARS:
        return plain
    return f"{plain[:_HEAD_CHARS]} {plain[-_TAIL_CHARS:]}"
