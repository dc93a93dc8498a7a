"""The classifier of the sensitivity gate: linear scores over a sentence vector and n-grams of jamo.

It has two stages. The first reads the static vector of a text; where its risk is near the threshold, a crisis
is possible or its words are unknown, the second reads the vector of the sentence model, and the mean of both
risks decides. Vectors pass through random Fourier features (Rahimi & Recht 2007), the n-grams through feature
hashing (Weinberger et al. 2009). `language.training.fit_static_head` and `fit_sensitivity` fit the weights.
"""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from language.deobfuscation import decompose
from language.embed import DIMENSIONS, embed
from language.static_vectors import read_static

Array = NDArray[np.float32]
CRISIS = "self_harm"
# Classes that must not be missed: their scores add to the risk.
STRICT_CLASSES = (CRISIS, "minors")
_STRICT_WEIGHT = np.float32(1.5)

# Only the risk and the strict classes have n-gram weights; the other classes use the vector alone, which
# keeps the file small.
NGRAM_SCORE_COUNT = 1 + len(STRICT_CLASSES)
HASH_BUCKETS = 2**18
FOURIER_FEATURE_COUNT = 2048
STATIC_FOURIER_COUNT = 1024
WEIGHTS_FILE = Path(__file__).with_name("sensitivity_head.npz")
STATIC_WEIGHTS_FILE = Path(__file__).with_name("static_sensitivity_head.npz")
# The classifier reads the head and the tail of a long prompt; the lexicon reads more of it.
HEAD_CHARS = 160
TAIL_CHARS = 80
# Of a long text the sentence model reads less, so that it costs at most three times as much as a short one.
MODEL_HEAD_CHARS = 50
MODEL_TAIL_CHARS = 30
LONG_CHARS = 120
_LONG_ABOVE = 0.2
_NGRAM_LENGTHS = (2, 3, 4, 5, 6, 7)
FEATURE_NORM = np.float32(2**0.5)
# The width of the Gaussian kernel that the Fourier features approximate.
_KERNEL_GAMMA = 0.25
_FOURIER_SEED = 7
# The gate and the intent of a prompt read the same excerpt one after another.
_FEATURE_CACHE_SIZE = 64
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
class Band:
    """When the first stage asks the second: a risk `below` to `above` of the threshold, or a crisis score."""

    below: float
    above: float
    crisis: float


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
    band: Band | None = None

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

    def is_unsure(self, lead: float, crisis: float) -> bool:
        """Return whether the second stage must be asked, by the risk's lead over the threshold."""
        if self.band is None:
            return True
        return -self.band.below < lead < self.band.above or crisis > self.band.crisis


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A sensitive class suspected; only a strong suspicion is reason enough to answer with a help line."""

    topic: str
    is_strong: bool


@dataclass(frozen=True, slots=True)
class Classified:
    """What the classifier suspects, if anything, and whether it has asked the sentence model."""

    suspicion: Suspicion | None
    used_model: bool


def classify(
    plain: str,
    names: Sequence[str],
    margin: float = 0.0,
    *,
    is_disguised: bool = False,
    may_use_model: bool = True,
) -> Classified:
    """Return the class that a deobfuscated text is suspected of, none if its risk is below the threshold.

    `names` are the classes of its lexicon entries; `margin` raises the threshold. The sentence model, where
    it `may_use_model`, reads every text that `is_disguised` by its spelling; it always reads one that names a
    crisis.
    """
    excerpt = head_and_tail(plain)
    head, ngrams, static = load_static_head(), jamo_ngrams(excerpt), read_static(excerpt)
    features = Features(static_fourier(excerpt), *ngrams)
    risk, topic, crisis = head.read(features)
    threshold = (head.thresholds.named if names else head.thresholds.plain) + margin
    is_unsure = is_disguised or not static.is_known or head.is_unsure(risk - threshold, crisis)
    if margin > 0 or len(excerpt) > LONG_CHARS:
        # Long texts hold more that resembles something sensitive.
        is_unsure = is_unsure or 0 < risk - threshold < _LONG_ABOVE
    used_model = CRISIS in names or (may_use_model and is_unsure)
    is_strong = False
    if used_model:
        model = load_head()
        vector = embed_excerpt(excerpt)
        second, topic, crisis = model.read(Features(fourier_features(vector - model.centre), *ngrams))
        risk = (risk + second) / 2
        least = model.thresholds
        is_strong = crisis > (least.named_help if CRISIS in names else least.help)
    return Classified(None if risk <= threshold else Suspicion(topic, is_strong), used_model)


def classify_by_model(
    plain: str,
    names: Sequence[str],
    margin: float = 0.0,
    *,
    is_disguised: bool = False,
    may_use_model: bool = True,
) -> Classified:
    """Do the same as `classify` by the second stage alone, which reads all of the excerpt."""
    del is_disguised, may_use_model
    excerpt, model = head_and_tail(plain), load_head()
    features = Features(fourier_features(embed([excerpt])[0] - model.centre), *jamo_ngrams(excerpt))
    risk, topic, crisis = model.read(features)
    least = model.thresholds
    if risk <= (least.named if names else least.plain) + margin:
        return Classified(None, used_model=True)
    is_strong = crisis > (least.named_help if CRISIS in names else least.help)
    return Classified(Suspicion(topic, is_strong), used_model=True)


def embed_excerpt(excerpt: str) -> Array:
    """Return the sentence model's unit vector (384,) of an excerpt; the latest ones are cached by text."""
    vector: Array = embed([clip_for_model(excerpt)])[0]
    return vector


def clip_for_model(excerpt: str) -> str:
    """Return the part of an excerpt that the sentence model reads, whose time grows with its length."""
    if len(excerpt) <= MODEL_HEAD_CHARS + MODEL_TAIL_CHARS:
        return excerpt
    return f"{excerpt[:MODEL_HEAD_CHARS]} {excerpt[-MODEL_TAIL_CHARS:]}"


def combine_risk(scores: Array) -> Array:
    """Return the risks (n,) of scores (n, >= 3): the first column plus a share of the higher strict class."""
    strict = scores[:, 1:NGRAM_SCORE_COUNT].max(axis=1)
    risks: Array = scores[:, 0] + _STRICT_WEIGHT * np.maximum(strict, 0)
    return risks


def fourier_features(vector: Array, count: int = FOURIER_FEATURE_COUNT) -> Array:
    """Return random Fourier features (count,) of the direction of a vector (384,).

    A linear head over them approximates a Gaussian kernel machine over directions (Rahimi & Recht 2007).
    """
    frequencies, phases = _fourier_basis()
    direction = vector / max(float(np.linalg.norm(vector)), 1e-9)
    angles = np.einsum("wd,d->w", frequencies[:count], direction) + phases[:count]
    features: Array = FEATURE_NORM * np.float32((2 / count) ** 0.5) * np.cos(angles)
    return features.astype(np.float32)


@lru_cache(_FEATURE_CACHE_SIZE)
def static_fourier(excerpt: str) -> Array:
    """Return the Fourier features (STATIC_FOURIER_COUNT,) of the static vector of an excerpt."""
    return fourier_features(read_static(excerpt).vector, STATIC_FOURIER_COUNT)


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
    scores = np.einsum("cb,b->c", load_static_head().ngram_weights[:, buckets], counts)
    return float(combine_risk(scores[None])[0])


@lru_cache(_FEATURE_CACHE_SIZE)
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
    """Return the shipped weights of the second stage, read once per process."""
    return read_head(WEIGHTS_FILE)


@cache
def load_static_head() -> Head:
    """Return the shipped weights of the first stage, read once per process."""
    return read_head(STATIC_WEIGHTS_FILE)


def read_head(path: Path) -> Head:
    """Return the weights of a file."""
    with np.load(path, allow_pickle=False) as numbers:
        return Head(
            classes=tuple(str(name) for name in numbers["classes"]),
            centre=numbers["centre"].astype(np.float32),
            fourier_weights=numbers["waves"].astype(np.float32) * numbers["wave_steps"][:, None],
            ngram_weights=numbers["grams"].astype(np.float32) * numbers["gram_steps"][:, None],
            biases=numbers["biases"].astype(np.float32),
            thresholds=Thresholds(*(float(number) for number in numbers["thresholds"])),
            band=Band(*map(float, numbers["band"])) if "band" in numbers and len(numbers["band"]) else None,
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
