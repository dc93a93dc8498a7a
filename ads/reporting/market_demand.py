"""What many advertisers bid on and how often words are asked for, without showing what any one does."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from threading import Lock

import redis
from cachetools import TTLCache, cached
from django.db.models import Count, Min
from django.utils import timezone

from ads.models import AdGroup, Campaign, Keyword, Term
from ads.selection.serving.request_sample import read_request_sample
from language.keyphrases import normalise

logger = logging.getLogger(__name__)

# Of fewer advertisers, a keyword or a bid would show what one of them does.
MIN_ADVERTISERS = 3
CACHED_SECONDS = 60
_term_weights_cache: TTLCache[tuple[()], tuple[Mapping[int, float], int]] = TTLCache(1, ttl=CACHED_SECONDS)
_term_weights_lock = Lock()
WEEK_DAYS = 7
DAY_SECONDS = 86_400


def list_shared_keywords(category: str, *, language: str, limit: int) -> list[str]:
    """Return keywords of the category that at least MIN_ADVERTISERS bid on; the demo's do not count."""
    any_language = AdGroup.Language.ANY
    languages = AdGroup.Language.values if language == any_language else [language, any_language]
    keywords = Keyword.objects.filter(
        is_on=True,
        ad_group__is_on=True,
        ad_group__language__in=languages,
        ad_group__campaign__category=category,
        ad_group__campaign__status=Campaign.Status.ACTIVE,
        ad_group__campaign__advertiser__is_demo=False,
    )
    shared = (
        keywords.values("norm")
        .annotate(advertisers=Count("ad_group__campaign__advertiser", distinct=True), word=Min("text"))
        .filter(advertisers__gte=MIN_ADVERTISERS)
        .order_by("-advertisers", "norm")
    )
    return list(shared.values_list("word", flat=True)[:limit])


def has_many_bidders(category: str) -> bool:
    """Return whether at least MIN_ADVERTISERS have a campaign of this category that is on."""
    campaigns = Campaign.objects.filter(category=category, status=Campaign.Status.ACTIVE)
    return campaigns.order_by().values("advertiser").distinct().count() >= MIN_ADVERTISERS


def requests_a_week(texts: Iterable[str]) -> dict[str, int]:
    """Return how many requests a week named each text, by its normalised form; others are left out."""
    keys = {normalise(text) for text in texts}
    weights, days = _term_weights()
    if not weights:
        return {}
    terms = Term.objects.filter(key__in=keys, pk__in=weights).values_list("pk", "key")
    return {key: round(weights[number] * WEEK_DAYS / days) for number, key in terms}


@cached(_term_weights_cache, lock=_term_weights_lock)
def _term_weights() -> tuple[Mapping[int, float], int]:
    """Return the requests of each term in the sample, and the days that it spans."""
    now, weights = timezone.now(), defaultdict[int, float](float)
    try:
        sample = read_request_sample(at=now)
    except redis.RedisError:
        logger.warning("no counts of keyword ideas: Valkey is unavailable")
        return weights, 1
    for request in sample.sample:
        for term in request.terms:
            weights[term] += request.weight
    days = -(-(now - (sample.since or now)).total_seconds() // DAY_SECONDS)
    return weights, min(WEEK_DAYS, max(1, int(days)))
