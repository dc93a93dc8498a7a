"""Counts of votes for each model, cached for a minute because the leaderboard is public."""

from collections import Counter
from functools import partial
from threading import Lock
from typing import Any

from cachetools import TTLCache, cached
from cachetools.keys import hashkey
from django.db.models import Count

from aggregator.models import Vote

CACHE_SECONDS = 60.0
MAX_CACHED = 1_000
_cache: TTLCache[tuple[Any, ...], Any] = TTLCache(MAX_CACHED, CACHE_SECONDS)
_lock = Lock()


@cached(_cache, key=partial(hashkey, "votes"), lock=_lock)
def count_votes(language: str = "", topic: str = "") -> Counter[str]:
    """Return the votes for each model, optionally of turns in one language and on one topic."""
    votes = Vote.objects.all()
    if language:
        votes = votes.filter(turn__language=language)
    if topic:
        votes = votes.filter(turn__route__topic=topic)
    return Counter(dict(votes.values_list("candidate__model").annotate(Count("pk")).order_by()))


@cached(_cache, key=partial(hashkey, "topics"), lock=_lock)
def list_voted_topics() -> list[str]:
    """Return the topics of turns with votes, the one with most votes first."""
    topics = Vote.objects.exclude(turn__route__topic=None).values_list("turn__route__topic")
    return [topic for topic, _ in topics.annotate(votes=Count("pk")).order_by("-votes")]


def forget_vote_counts() -> None:
    """Count again at the next call."""
    with _lock:
        _cache.clear()
