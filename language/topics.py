"""What a prompt is about, as at most five slugs of a closed list of topics.

`python -m language.topics` keeps the vectors of the seeds, which take seconds of work and 20 MB to make.
"""

import hashlib
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from language.embed import embed
from language.keyphrases import TermIndex

MAX_TOPICS = 5
# Cosines of this model crowd between .75 and .95: a topic counts by its lead over the mean topic.
_NAMED_BONUS = 0.06
_MIN_LEAD = 0.042
_MIN_SHARE_OF_BEST = 0.62

_TOPICS_FILE = Path(__file__).with_name("topics.toml")
SEEDS_FILE = Path(__file__).with_name("topic_seeds.npz")


@dataclass(frozen=True, slots=True)
class Topic:
    """One entry of the closed list; `iab` is its id in the IAB Content Taxonomy 3.1."""

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

    A text costs up to half a second to embed: whoever has the vector of its excerpt already names that.
    """
    if not text.strip():
        return ()
    leads = _leads(excerpt or text)
    for position in _named(text):
        leads[position] += _NAMED_BONUS
    best = float(leads.max())
    floor = max(_MIN_LEAD, best * _MIN_SHARE_OF_BEST)
    order = [int(position) for position in np.argsort(-leads) if leads[position] >= floor]
    return tuple(all_topics()[position].slug for position in order[:MAX_TOPICS])


def _leads(text: str) -> NDArray[np.float32]:
    seeds, places = _seed_vectors()
    cosines = np.append(seeds @ embed([text])[0], np.float32(-1))
    # A topic is as near as its two nearest seeds.
    scores: NDArray[np.float32] = np.partition(cosines[places], -2, axis=1)[:, -2:].mean(axis=1)
    scores -= scores.mean()
    return scores


def _named(text: str) -> set[int]:
    return set(_lexicon().match(text))


@cache
def _lexicon() -> TermIndex:
    return TermIndex((number, term) for number, topic in enumerate(all_topics()) for term in topic.terms)


@cache
def _seed_vectors() -> tuple[NDArray[np.float32], NDArray[np.int_]]:
    """Return a vector for every seed, and for every topic the places of its seeds, -1 for none."""
    seeds = all_seeds()
    places = np.full((len(all_topics()), max(len(topic.seeds) for topic in all_topics())), -1)
    first = 0
    for row, topic in zip(places, all_topics(), strict=True):
        row[: len(topic.seeds)] = range(first, first + len(topic.seeds))
        first += len(topic.seeds)
    return load_seed_vectors(seeds), places


def all_seeds() -> list[str]:
    """Return the seeds of all topics, in order."""
    return [seed for topic in all_topics() for seed in topic.seeds]


def load_seed_vectors(seeds: Sequence[str]) -> NDArray[np.float32]:
    """Return the kept vectors of these seeds; when others were kept, make them now."""
    with np.load(SEEDS_FILE, allow_pickle=False) as kept:
        if str(kept["digest"]) == _digest(seeds):
            vectors: NDArray[np.float32] = kept["vectors"].astype(np.float32)
            return vectors
    return embed(seeds)


def save_seed_vectors() -> None:
    """Make and keep the vectors of all seeds."""
    seeds = all_seeds()
    np.savez_compressed(SEEDS_FILE, digest=np.array(_digest(seeds)), vectors=embed(seeds).astype(np.float16))


def _digest(seeds: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(seeds).encode()).hexdigest()


if __name__ == "__main__":
    save_seed_vectors()
    sys.stdout.write(f"{SEEDS_FILE.name}: {len(all_seeds())} seeds\n")
