"""The topic of a prompt, which exploration, votes and model skills go by; the ad market has its own topics.

It reads the sentence model's vector, which static vectors cannot stand in for: with them the router closes
two thirds of the gap. A panel that a person chose needs no topic.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from aggregator.pipeline.routing.topic_classifier import TopicClassifier, extract_prompt_features
from aggregator.pipeline.routing_weights import Vectors
from language.embed import embed
from language.reading import read_prompt

CLASSIFIER_FILE = Path(__file__).with_name("topic_classifier.npz")
OTHER = "other"
# A wrong answer does most harm here, so no model is explored on these topics.
HIGH_STAKES = frozenset({"health", "law", "money"})
_MIN_PROBABILITY = 0.3
_WORD_WEIGHT = np.float32(0.5)
_CACHE_SIZE = 256


@dataclass(frozen=True, slots=True)
class TopicPrediction:
    """The most probable topic, its probability, and the features that it was predicted from.

    The router predicts quality from the same features, shape (features,); without them it does not.
    """

    topic: str
    share: float
    features: Vectors | None = field(default=None, compare=False, repr=False)


def extract_topic_features(prompts: Sequence[str], centre: Vectors) -> Vectors:
    """Return an array of shape (prompts, features): centred unit sentence vectors, then hashed words.

    `centre` is the mean sentence vector, shape (384,); words and layout count half.
    """
    vectors = embed([read_prompt(prompt).excerpt for prompt in prompts]) - centre
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    rows = np.concatenate([vectors, _WORD_WEIGHT * extract_prompt_features(prompts)], axis=1)
    return np.asarray(rows, dtype=np.float32)


@cache
def load_topic_classifier() -> tuple[TopicClassifier, Vectors]:
    """Return the shipped classifier and the mean sentence vector of its training prompts."""
    with np.load(CLASSIFIER_FILE, allow_pickle=False) as file:
        topics = tuple(str(topic) for topic in file["topics"])
        weights, level = file["weights"].astype(np.float32), file["level"].astype(np.float32)
        return TopicClassifier(topics, weights, level), file["centre"].astype(np.float32)


@lru_cache(maxsize=_CACHE_SIZE)
def classify_topic(prompt: str) -> TopicPrediction:
    """Return a prompt's topic, or "other" when no topic is probable enough."""
    classifier, centre = load_topic_classifier()
    features = extract_topic_features([prompt], centre)
    probabilities = classifier.predict(features)[0]
    best = int(probabilities.argmax())
    share = round(float(probabilities[best]), 3)
    topic = classifier.topics[best] if share >= _MIN_PROBABILITY else OTHER
    return TopicPrediction(topic, share, features[0])
