"""The topics the market knows, and the second sensitivity gate: what it does not know, it refuses."""

from collections.abc import Iterable

import numpy as np

SAFE_TOPICS = frozenset(
    [
        "travel",
        "food",
        "laptops",
        "phones",
        "software",
        "education",
        "careers",
        "cars",
        "real-estate",
        "home",
        "gardening",
        "fashion",
        "beauty",
        "fitness",
        "sports",
        "games",
        "entertainment",
        "books",
        "pets",
        "parenting",
        "business",
        "science",
        "celebrations",
    ]
)
# Money trouble and insurance claims hide behind these: no ad when they are what a prompt is mainly about.
FINANCIAL_TOPICS = frozenset({"finance", "insurance"})
_KNOWN_TOPICS = sorted(SAFE_TOPICS | FINANCIAL_TOPICS)
_TOPIC_BITS = {topic: np.uint64(1) << np.uint64(place) for place, topic in enumerate(_KNOWN_TOPICS)}


def are_topics_blocked(topics: tuple[str, ...]) -> bool:
    """Say whether these topics keep every ad away; an unknown topic does."""
    if topics and topics[0] in FINANCIAL_TOPICS:
        return True
    return any(topic not in _TOPIC_BITS for topic in topics)


def topic_bits(topics: Iterable[str]) -> np.uint64:
    """Return the known topics as bits of one number."""
    bits = np.uint64(0)
    for topic in topics:
        bits |= _TOPIC_BITS.get(topic, np.uint64(0))
    return bits
