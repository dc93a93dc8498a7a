"""A linear topic classifier over hashed words and layout of a prompt; fitted in training/fit_topics.py."""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.routing_weights import Vectors, softmax

HASH_BUCKETS = 1_024
_FOURIER_FEATURES = 256
_FOURIER_SEED = 11
_HEAD, _TAIL = 900, 300
TOKEN = re.compile(r"\w+|[^\w\s]")
_ASKS = re.compile(r"(?:who|when|where|what|how|which|why)\b")
_ASKS_UPPER = re.compile(r"(?:Who|When|Where|What|How|Which|Why)\b")
_NAME = re.compile(r"[A-Z][a-z]+ [A-Z][a-z]+")


def clip_prompt(prompt: str) -> str:
    """Return the head and the tail of a long prompt, or a short prompt whole."""
    return prompt if len(prompt) <= _HEAD + _TAIL else f"{prompt[:_HEAD]} {prompt[-_TAIL:]}"


def _measure_layout(prompt: str) -> list[float]:
    words = prompt.split()
    end = prompt.rstrip()[-1:]
    letters = sum(len(word) for word in words) / max(len(words), 1)
    return [
        np.log1p(len(prompt)) - 5,
        np.log1p(len(words)) - 3.3,
        2.0 * (end == "?"),
        2.0 * (end == "."),
        2.0 * prompt[:1].islower(),
        2.0 * ("\\boxed" in prompt),
        2.0 * ("$" in prompt or "\\" in prompt),
        2.0 * ("def " in prompt),
        np.log1p(prompt.count("\n")),
        np.log1p(sum(letter.isdigit() for letter in prompt)),
        np.log1p(prompt.count(",")),
        2.0 * bool(_ASKS.match(prompt)),
        2.0 * bool(_ASKS_UPPER.match(prompt)),
        min(letters, 12.0) - 5,
        2.0 * ("_" in prompt),
        2.0 * bool(_NAME.search(prompt)),
        2.0 * ("?" in prompt),
        np.log1p(prompt.count(".")),
        2.0 * any("가" <= letter <= "힣" for letter in prompt),
    ]


def _hash_words(prompt: str) -> Vectors:
    """Return hashed counts of words and of their character 4-grams, a unit vector of shape (buckets,).

    The feature hashing of Weinberger et al. (2009), without signs; words cannot be recovered from it.
    """
    text = clip_prompt(prompt).lower()
    buckets = np.zeros(HASH_BUCKETS, dtype=np.float32)
    for token in TOKEN.findall(text):
        buckets[zlib.crc32(token.encode()) % HASH_BUCKETS] += 1.0
        padded = f" {token} "
        for start in range(len(padded) - 3):
            buckets[zlib.crc32(padded[start : start + 4].encode()) % HASH_BUCKETS] += 0.5
    buckets = np.log1p(buckets)
    return buckets / (np.linalg.norm(buckets) + 1e-9)


def extract_prompt_features(prompts: Sequence[str]) -> Vectors:
    """Return an array of shape (prompts, 1024 + 256): hashed words, then Fourier features of the layout.

    Random Fourier features (Rahimi & Recht, 2007) approximate a Gaussian kernel between layouts.
    """
    layouts = np.array([_measure_layout(prompt) for prompt in prompts], dtype=np.float32)
    directions, phases = _draw_fourier_basis(layouts.shape[1])
    fourier = np.cos(layouts @ directions + phases) * np.sqrt(2 / _FOURIER_FEATURES)
    words = np.array([_hash_words(prompt) for prompt in prompts])
    return np.concatenate([words, fourier], axis=1).astype(np.float32)


@cache
def _draw_fourier_basis(layout_size: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(_FOURIER_SEED)
    directions = rng.normal(size=(layout_size, _FOURIER_FEATURES)) / np.sqrt(layout_size)
    return directions, rng.uniform(0, 2 * np.pi, _FOURIER_FEATURES)


@dataclass(frozen=True, slots=True)
class TopicClassifier:
    """Ridge regression of topic indicators; `weights` has shape (features, topics), `level` (topics,)."""

    topics: tuple[str, ...]
    weights: Vectors
    level: Vectors

    def predict(self, features: Vectors) -> Vectors:
        """Return each topic's probability, shape (prompts, topics), for features (prompts, features)."""
        return softmax(features @ self.weights + self.level)
