"""How often each model was picked: counted by the database, and kept for a minute, as anybody may ask."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Count

from aggregator.models import Vote

CACHE_SECONDS = 60.0
T = TypeVar("T")
_cached: dict[tuple[str, ...], tuple[float, Any]] = {}


def count_votes(language: str = "", topic: str = "") -> Counter[str]:
    """Return how often each model was picked, of turns in a language and on a topic where one is named."""
    return _cache_for_a_minute(("picks", language, topic), lambda: _count_votes(language, topic))


def list_voted_topics() -> list[str]:
    """Return the topics in which something was picked, the most picked first."""
    return _cache_for_a_minute(("topics",), _query_topics)


def forget_vote_counts() -> None:
    """Count again at the next chance."""
    _cached.clear()


def _cache_for_a_minute(name: tuple[str, ...], find: Callable[[], T]) -> T:
    moment = time.monotonic()
    if name not in _cached or moment - _cached[name][0] >= CACHE_SECONDS:
        _cached[name] = (moment, find())
    kept: T = _cached[name][1]
    return kept


def _count_votes(language: str, topic: str) -> Counter[str]:
    votes = Vote.objects.all()
    if language:
        votes = votes.filter(turn__language=language)
    if topic:
        votes = votes.filter(turn__route__topic=topic)
    return Counter(dict(votes.values_list("candidate__model").annotate(Count("pk")).order_by()))


def _query_topics() -> list[str]:
    topics = Vote.objects.exclude(turn__route__topic=None).values_list("turn__route__topic")
    return [topic for topic, _ in topics.annotate(picks=Count("pk")).order_by("-picks")]
