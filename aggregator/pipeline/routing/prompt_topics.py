"""What kind of question a prompt is: the kitchen's own topics, not the ad market's.

The sentence vector is the one that the sensitivity gate has taken already: a guess costs a millisecond.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from aggregator.pipeline.routing.topic_classifier import TopicClassifier, Vectors, extract_prompt_features
from language.embed import embed
from language.sensitivity import embedding_excerpt

CLASSIFIER_FILE = Path(__file__).with_name("topics.npz")
OTHER = "other"
# A wrong answer costs most here: nobody is handed to a model that is still on trial.
HIGH_STAKES = frozenset({"health", "law", "money"})
_MIN_PROBABILITY = 0.3
_WORD_WEIGHT = np.float32(0.5)
_CACHE_SIZE = 256


@dataclass(frozen=True, slots=True)
class TopicPrediction:
    """The likeliest topic and how likely it is."""

    topic: str
    share: float


def extract_topic_features(prompts: Sequence[str], centre: Vectors) -> Vectors:
    """Return one row a prompt: its centred sentence vector, then its words and shape at half weight."""
    vectors = embed([embedding_excerpt(prompt) for prompt in prompts]) - centre
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    rows = np.concatenate([vectors, _WORD_WEIGHT * extract_prompt_features(prompts)], axis=1)
    return np.asarray(rows, dtype=np.float32)


@cache
def load_topic_classifier() -> tuple[TopicClassifier, Vectors]:
    """Return the head that ships and the mean sentence vector it was fitted around."""
    with np.load(CLASSIFIER_FILE, allow_pickle=False) as kept:
        names = tuple(str(name) for name in kept["topics"])
        head = TopicClassifier(names, kept["weights"].astype(np.float32), kept["level"].astype(np.float32))
        return head, kept["centre"].astype(np.float32)


@lru_cache(maxsize=_CACHE_SIZE)
def classify_topic(prompt: str) -> TopicPrediction:
    """Return a prompt's topic, "other" where none is clear."""
    head, centre = load_topic_classifier()
    shares = head.weigh(extract_topic_features([prompt], centre))[0]
    place = int(shares.argmax())
    share = round(float(shares[place]), 3)
    return TopicPrediction(head.topics[place] if share >= _MIN_PROBABILITY else OTHER, share)
