"""The topics of a prompt: at most five slugs of the closed list in topics.toml.

A topic's lead is how much nearer a prompt's sentence vector is to the topic's seeds than to all seeds. A
regression on the static vector predicts it (`language.training.fit_static_topics`), so that no prompt waits
for the sentence model. `language.training.topic_seeds` writes the vectors of the seeds, which are computed
once.
"""

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from language.deobfuscation import fold
from language.embed import embed
from language.keyphrases import TermIndex
from language.static_vectors import read_static

MAX_TOPICS = 5
# The cosines of this model lie between .75 and .95: a topic counts by its lead over the mean of all topics.
_NAMED_BONUS = 0.06
_MIN_LEAD = 0.042
_MIN_SHARE_OF_BEST = 0.62

_TOPICS_FILE = Path(__file__).with_name("topics.toml")
SEEDS_FILE = Path(__file__).with_name("topic_seeds.npz")
LEADS_FILE = Path(__file__).with_name("static_topics.npz")


@dataclass(frozen=True, slots=True)
class Topic:
    """One entry of the closed list; `iab` is its id in the IAB Content Taxonomy 3.1.

    Seeds are prompts that stand for the topic among sentence vectors, terms are words that name it.
    """

    slug: str
    iab: str
    seeds: tuple[str, ...]
    terms: tuple[str, ...]


@cache
def all_topics() -> tuple[Topic, ...]:
    """Return the closed list of topics."""
    entries = tomllib.loads(_TOPICS_FILE.read_text(encoding="utf-8"))
    return tuple(
        Topic(slug, entry["iab"], tuple(entry["seeds"]), tuple(entry["terms"]))
        for slug, entry in entries.items()
    )


def find_topics(text: str, *, excerpt: str = "") -> tuple[str, ...]:
    """Return the topics of this prompt, the clearest first; small talk has none.

    The leads are those of the `excerpt`, the part of a long prompt that the gate reads.
    """
    if not text.strip():
        return ()
    weights, level = _load_topic_weights()
    return choose_topics(
        text, np.einsum("d,dt->t", read_static(excerpt or fold(text)).vector, weights) + level
    )


def choose_topics(text: str, leads: NDArray[np.float32]) -> tuple[str, ...]:
    """Return the topics of a prompt with these leads (t,), to which the terms that it names are added."""
    leads = leads.copy()
    for position in set(_term_index().match(text)):
        leads[position] += _NAMED_BONUS
    best = float(leads.max())
    floor = max(_MIN_LEAD, best * _MIN_SHARE_OF_BEST)
    order = [int(position) for position in np.argsort(-leads) if leads[position] >= floor]
    return tuple(all_topics()[position].slug for position in order[:MAX_TOPICS])


def measure_leads(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return for each topic (t,) the mean cosine of its two nearest seeds, less the mean over topics.

    The vector (384,) is the sentence model's.
    """
    seeds, rows = _seed_vectors()
    cosines = np.append(seeds @ vector, np.float32(-1))
    scores: NDArray[np.float32] = np.partition(cosines[rows], -2, axis=1)[:, -2:].mean(axis=1)
    scores -= scores.mean()
    return scores


@cache
def _load_topic_weights() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the weights (384, t) and the level (t,) of the regression that predicts leads."""
    with np.load(LEADS_FILE, allow_pickle=False) as file:
        return file["weights"].astype(np.float32), file["level"].astype(np.float32)


@cache
def _term_index() -> TermIndex:
    return TermIndex((number, term) for number, topic in enumerate(all_topics()) for term in topic.terms)


@cache
def _seed_vectors() -> tuple[NDArray[np.float32], NDArray[np.int_]]:
    """Return the seeds' vectors (s, 384) and each topic's rows in them (t, most seeds), padded with -1."""
    seeds = all_seeds()
    rows = np.full((len(all_topics()), max(len(topic.seeds) for topic in all_topics())), -1)
    first = 0
    for row, topic in zip(rows, all_topics(), strict=True):
        row[: len(topic.seeds)] = range(first, first + len(topic.seeds))
        first += len(topic.seeds)
    return load_seed_vectors(seeds), rows


def all_seeds() -> list[str]:
    """Return the seeds of all topics, in order."""
    return [seed for topic in all_topics() for seed in topic.seeds]


def load_seed_vectors(seeds: Sequence[str]) -> NDArray[np.float32]:
    """Return the vectors (s, 384) of these seeds: from the file if it was written for them, else computed."""
    with np.load(SEEDS_FILE, allow_pickle=False) as stored:
        if str(stored["digest"]) == digest_seeds(seeds):
            vectors: NDArray[np.float32] = stored["vectors"].astype(np.float32)
            return vectors
    return embed(seeds)


def digest_seeds(seeds: Sequence[str]) -> str:
    """Return a hash that changes with any seed."""
    return hashlib.sha256("\n".join(seeds).encode()).hexdigest()
