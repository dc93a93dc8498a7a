"""The closed list of topics, and the market's own sensitivity gate: an unknown topic blocks every ad."""

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
# Often about debts or claims: no ad when one of these is the main topic of a prompt.
FINANCIAL_TOPICS = frozenset({"finance", "insurance"})
_KNOWN_TOPICS = sorted(SAFE_TOPICS | FINANCIAL_TOPICS)
_TOPIC_BITS = {topic: np.uint64(1) << np.uint64(place) for place, topic in enumerate(_KNOWN_TOPICS)}


def are_topics_blocked(topics: tuple[str, ...]) -> bool:
    """Return whether these topics block every ad; an unknown topic does."""
    if topics and topics[0] in FINANCIAL_TOPICS:
        return True
    return any(topic not in _TOPIC_BITS for topic in topics)


def topic_bits(topics: Iterable[str]) -> np.uint64:
    """Return the known topics as a bit mask."""
    bits = np.uint64(0)
    for topic in topics:
        bits |= _TOPIC_BITS.get(topic, np.uint64(0))
    return bits
