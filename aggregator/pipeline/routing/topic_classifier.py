"""What kind of prompt this is, from hashed words and its shape: a ridge classifier for any set of topics."""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
HASH_BUCKETS = 1_024
_FOURIER_FEATURES = 256
_FOURIER_SEED = 11
_HEAD, _TAIL = 900, 300
_SHRINK = 0.3
_SHARPNESS = 12.0
TOKEN = re.compile(r"\w+|[^\w\s]")
_ASKS = re.compile(r"(?:who|when|where|what|how|which|why)\b")
_ASKS_UPPER = re.compile(r"(?:Who|When|Where|What|How|Which|Why)\b")
_NAME = re.compile(r"[A-Z][a-z]+ [A-Z][a-z]+")


def clip_prompt(prompt: str) -> str:
    """Return a prompt's head and tail, which say what it is about; a short one whole."""
    return prompt if len(prompt) <= _HEAD + _TAIL else f"{prompt[:_HEAD]} {prompt[-_TAIL:]}"


def _describe_shape(prompt: str) -> list[float]:
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
    """Count words and their 4-letter pieces in hashed cells; no word can be read back from them."""
    text = clip_prompt(prompt).lower()
    cells = np.zeros(HASH_BUCKETS, dtype=np.float32)
    for token in TOKEN.findall(text):
        cells[zlib.crc32(token.encode()) % HASH_BUCKETS] += 1.0
        padded = f" {token} "
        for start in range(len(padded) - 3):
            cells[zlib.crc32(padded[start : start + 4].encode()) % HASH_BUCKETS] += 0.5
    cells = np.log1p(cells)
    return cells / (np.linalg.norm(cells) + 1e-9)


def extract_prompt_features(prompts: Sequence[str]) -> Vectors:
    """Return one row of numbers for every prompt: hashed words, then random Fourier features of its shape."""
    shapes = np.array([_describe_shape(prompt) for prompt in prompts], dtype=np.float32)
    rng = np.random.default_rng(_FOURIER_SEED)
    directions = rng.normal(size=(shapes.shape[1], _FOURIER_FEATURES)) / np.sqrt(shapes.shape[1])
    fourier = np.cos(shapes @ directions + rng.uniform(0, 2 * np.pi, _FOURIER_FEATURES)) * np.sqrt(
        2 / _FOURIER_FEATURES
    )
    words = np.array([_hash_words(prompt) for prompt in prompts])
    return np.concatenate([words, fourier], axis=1).astype(np.float32)


@dataclass(frozen=True, slots=True)
class TopicClassifier:
    """A ridge classifier of prompt features."""

    topics: tuple[str, ...]
    weights: Vectors
    level: Vectors

    def weigh(self, features: Vectors) -> Vectors:
        """Return each topic's probability for every sketch."""
        scores = _SHARPNESS * (features @ self.weights + self.level)
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares: Vectors = (chances / chances.sum(axis=1, keepdims=True)).astype(np.float32)
        return shares


def fit_topic_classifier(features: Vectors, topics: Sequence[str]) -> TopicClassifier:
    """Fit the classifier on features whose topic is known."""
    names = tuple(sorted(set(topics)))
    places = np.array([names.index(topic) for topic in topics])
    targets = np.eye(len(names), dtype=np.float32)[places]
    level = targets.mean(axis=0)
    squares = features.T @ features + _SHRINK * np.eye(features.shape[1], dtype=np.float32)
    weights = np.linalg.solve(squares, features.T @ (targets - level)).astype(np.float32)
    return TopicClassifier(names, weights, level)
