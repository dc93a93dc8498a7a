"""The topic of a prompt, which exploration, votes and model skills go by; the ad market has its own topics.

It is found in two stages. A classifier over the static vector decides where it is sure; the sentence model
reads the other prompts, and every prompt for a fitted router, for which static vectors cannot stand in: with
them it closes two thirds of the gap. A panel that a person chose needs no topic.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from aggregator.pipeline.routing.topic_classifier import TopicClassifier, extract_prompt_features
from aggregator.pipeline.routing_weights import Vectors
from language.embed import embed
from language.reading import read_prompt

CLASSIFIER_FILE = Path(__file__).with_name("topic_classifier.npz")
STATIC_CLASSIFIER_FILE = Path(__file__).with_name("static_topic_classifier.npz")
OTHER = "other"
# A wrong answer does most harm here, so no model is explored on these topics.
HIGH_STAKES = frozenset({"health", "law", "money"})
_MIN_PROBABILITY = 0.3
# Where the static classifier is this sure, it is right as often as the one over sentence vectors.
_SURE_PROBABILITY = 0.5
_WORD_WEIGHT = np.float32(0.5)
_CACHE_SIZE = 256


@dataclass(frozen=True, slots=True)
class TopicPrediction:
    """The most probable topic, its probability, and the prompt's features by both kinds of vectors.

    A fitted router predicts quality from `features`, shape (features,), and the length of an answer is
    forecast from `static_features` of the same shape; without them, neither.
    """

    topic: str
    share: float
    features: Vectors | None = field(default=None, compare=False, repr=False)
    static_features: Vectors | None = field(default=None, compare=False, repr=False)


def extract_topic_features(prompts: Sequence[str], centre: Vectors) -> Vectors:
    """Return an array of shape (prompts, features): centred unit sentence vectors, then hashed words.

    `centre` is the mean sentence vector, shape (384,); words and layout count half.
    """
    return _join_words(_centre(embed([read_prompt(prompt).excerpt for prompt in prompts]), centre), prompts)


def extract_static_features(prompts: Sequence[str]) -> Vectors:
    """Return an array of shape (prompts, features) like `extract_topic_features`, with static vectors."""
    return _join_words(np.stack([read_prompt(prompt).vector for prompt in prompts]), prompts)


def _centre(vectors: Vectors, centre: Vectors) -> Vectors:
    centred = vectors - centre
    return np.asarray(centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9))


def _join_words(vectors: Vectors, prompts: Sequence[str]) -> Vectors:
    rows = np.concatenate([vectors, _WORD_WEIGHT * extract_prompt_features(prompts)], axis=1)
    return np.asarray(rows, dtype=np.float32)


@cache
def load_topic_classifier(path: Path = CLASSIFIER_FILE) -> tuple[TopicClassifier, Vectors]:
    """Return a shipped classifier and the mean sentence vector of its training prompts."""
    with np.load(path, allow_pickle=False) as file:
        topics = tuple(str(topic) for topic in file["topics"])
        weights, level = file["weights"].astype(np.float32), file["level"].astype(np.float32)
        return TopicClassifier(topics, weights, level), file["centre"].astype(np.float32)


@lru_cache(maxsize=_CACHE_SIZE)
def classify_topic(prompt: str, *, has_router: bool = False) -> TopicPrediction:
    """Return a prompt's topic, or "other" when no topic is probable enough.

    A router that `has_router` reads features of the sentence model.
    """
    static = extract_static_features([prompt])
    classifier, centre = load_topic_classifier()
    if has_router:
        features = extract_topic_features([prompt], centre)
        return replace(_predict(classifier, features), features=features[0], static_features=static[0])
    found = _predict(load_topic_classifier(STATIC_CLASSIFIER_FILE)[0], static)
    if found.share < _SURE_PROBABILITY:
        # The vector that the gate may have asked for already.
        vectors = _centre(read_prompt(prompt).sentence_vector[None], centre)
        found = _predict(classifier, _join_words(vectors, [prompt]))
    return replace(found, static_features=static[0])


def _predict(classifier: TopicClassifier, features: Vectors) -> TopicPrediction:
    probabilities = classifier.predict(features)[0]
    best = int(probabilities.argmax())
    share = round(float(probabilities[best]), 3)
    return TopicPrediction(classifier.topics[best] if share >= _MIN_PROBABILITY else OTHER, share)
