"""How often each model was picked: counted by the database, and kept for a minute, as anybody may ask."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Count

from aggregator.models import Vote

LOOK_SECONDS = 60.0
T = TypeVar("T")
_kept: dict[tuple[str, ...], tuple[float, Any]] = {}


def count_picks(language: str = "", topic: str = "") -> Counter[str]:
    """Return how often each model was picked, of turns in a language and on a topic where one is named."""
    return _keep(("picks", language, topic), lambda: _count(language, topic))


def list_topics() -> list[str]:
    """Return the topics in which something was picked, the most picked first."""
    return _keep(("topics",), _list_topics)


def forget_picks() -> None:
    """Count again at the next chance."""
    _kept.clear()


def _keep(name: tuple[str, ...], find: Callable[[], T]) -> T:
    moment = time.monotonic()
    if name not in _kept or moment - _kept[name][0] >= LOOK_SECONDS:
        _kept[name] = (moment, find())
    kept: T = _kept[name][1]
    return kept


def _count(language: str, topic: str) -> Counter[str]:
    votes = Vote.objects.all()
    if language:
        votes = votes.filter(turn__language=language)
    if topic:
        votes = votes.filter(turn__route__topic=topic)
    return Counter(dict(votes.values_list("candidate__model").annotate(Count("pk")).order_by()))


def _list_topics() -> list[str]:
    topics = Vote.objects.exclude(turn__route__topic=None).values_list("turn__route__topic")
    return [topic for topic, _ in topics.annotate(picks=Count("pk")).order_by("-picks")]
