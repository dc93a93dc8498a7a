"""What kind of question a prompt is: the kitchen's own topics, not the ad market's.

The sentence vector is the one that the sensitivity gate has taken already: a guess costs a millisecond.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from aggregator.pipeline.topic_head import TopicHead, Vectors, sketch_prompts
from language.embed import embed
from language.sensitivity import read_gist

HEAD = Path(__file__).with_name("topics.npz")
OTHER = "other"
# A wrong answer costs most here: nobody is handed to a model that is still on trial.
HIGH_STAKES = frozenset({"health", "law", "money"})
_LEAST_SHARE = 0.3
_WORD_WEIGHT = np.float32(0.5)
_REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class TopicGuess:
    """The likeliest topic and how likely it is."""

    topic: str
    share: float


def describe_prompts(prompts: Sequence[str], centre: Vectors) -> Vectors:
    """Return one row a prompt: its centred sentence vector, then its words and shape at half weight."""
    vectors = embed([read_gist(prompt) for prompt in prompts]) - centre
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    rows = np.concatenate([vectors, _WORD_WEIGHT * sketch_prompts(prompts)], axis=1)
    return np.asarray(rows, dtype=np.float32)


@cache
def load_topics() -> tuple[TopicHead, Vectors]:
    """Return the head that ships and the mean sentence vector it was fitted around."""
    with np.load(HEAD, allow_pickle=False) as kept:
        names = tuple(str(name) for name in kept["topics"])
        head = TopicHead(names, kept["weights"].astype(np.float32), kept["level"].astype(np.float32))
        return head, kept["centre"].astype(np.float32)


@lru_cache(maxsize=_REMEMBERED)
def tell_topic(prompt: str) -> TopicGuess:
    """Return a prompt's topic, "other" where none is clear."""
    head, centre = load_topics()
    shares = head.weigh(describe_prompts([prompt], centre))[0]
    place = int(shares.argmax())
    share = round(float(shares[place]), 3)
    return TopicGuess(head.topics[place] if share >= _LEAST_SHARE else OTHER, share)
