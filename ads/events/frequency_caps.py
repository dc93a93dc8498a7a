"""What one person saw today or is about to see, by their rotating key: it caps how often and is no more."""

import datetime
import logging
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress

import redis
from django.conf import settings
from redis.client import Pipeline

from ads.domain.accounting_day import korean_day
from ads.infra.redis_client import redis_client, redis_key

logger = logging.getLogger(__name__)

DAY_SECONDS = 26 * 3600
# An offer counts as seen for so long, so that no other page of the person goes beyond a cap meanwhile, and
# for a shorter while no other answer has an ad. A look turns it into one that was seen.
PENDING_SECONDS = 600
PENDING_REST_SECONDS = 60


class FrequencyCaps:
    """The counters of one frequency key on one day; a request without a key has none and no caps."""

    def __init__(self, frequency_key: str, *, at: datetime.datetime) -> None:
        self._key = frequency_key
        self._day = korean_day(at).isoformat()
        self._now = at.timestamp()
        self._pending: Mapping[int, list[float]] = {}

    def find_skip_reason(self) -> str:
        """Count one more answer and say why it goes without an ad: the day's first, or too soon after one."""
        if not self._key:
            return ""
        store = redis_client()
        if settings.ADS_SPARE_NEWCOMERS and store.set(self._name("known"), 1, nx=True, ex=DAY_SECONDS):
            return "newcomer"
        with store.pipeline(transaction=False) as pipeline:
            pipeline.get(self._name("rest"))
            pipeline.hvals(self._name("awaited"))
            resting, awaited = pipeline.execute()
        self._pending = _read_pending(awaited, since=self._now - PENDING_SECONDS)
        if resting and int(resting) > 0:
            store.decr(self._name("rest"))
            return "ad_load"
        latest = max((at for moments in self._pending.values() for at in moments), default=0.0)
        is_awaited = settings.ADS_ANSWERS_PER_AD > 1 and latest > self._now - PENDING_REST_SECONDS
        return "ad_load" if is_awaited else ""

    def count_views(self, campaigns: Sequence[int]) -> dict[int, int]:
        """Return how often each campaign was seen today; a hidden one counts as seen for the whole day.

        What was offered and not seen yet counts too, as it was when rest was looked for.
        """
        if not self._key or not campaigns:
            return {}
        counts = redis_client().mget([self._name("views", campaign) for campaign in campaigns])
        views = {
            campaign: int(count or 0) + len(self._pending.get(campaign, ()))
            for campaign, count in zip(campaigns, counts, strict=True)
        }
        return {campaign: count for campaign, count in views.items() if count}

    def record_offer(self, pipeline: Pipeline, campaign: int, offer: uuid.UUID) -> None:
        """Count an offer until it was seen or a while has passed; the caller sends it along."""
        if self._key:
            pipeline.hset(self._name("awaited"), str(offer), f"{campaign} {self._now}")
            pipeline.expire(self._name("awaited"), PENDING_SECONDS)

    def record_impression(self, campaign: int, offer: uuid.UUID | None = None) -> None:
        """Count a look, and let the next answers be without an ad."""
        if not self._key:
            return
        try:
            with redis_client().pipeline(transaction=False) as pipeline:
                pipeline.incr(self._name("views", campaign))
                pipeline.expire(self._name("views", campaign), DAY_SECONDS)
                pipeline.hdel(self._name("awaited"), str(offer))
                pipeline.set(self._name("rest"), settings.ADS_ANSWERS_PER_AD - 1, ex=DAY_SECONDS)
                pipeline.execute()
        except redis.RedisError:
            # The look itself is kept in the database; only the caps of this person forget it.
            logger.warning("a look at campaign %s was not counted towards its caps", campaign)

    def record_hidden(self, campaign: int) -> None:
        """Keep a campaign away for the rest of the day."""
        if self._key:
            with suppress(redis.RedisError):
                redis_client().set(self._name("views", campaign), 1_000_000, ex=DAY_SECONDS)

    def _name(self, *parts: object) -> str:
        return redis_key("person", self._day, self._key, *parts)


def _read_pending(kept: Sequence[bytes], *, since: float) -> Mapping[int, list[float]]:
    awaited: dict[int, list[float]] = defaultdict(list)
    for campaign, at in (each.split() for each in kept):
        if float(at) > since:
            awaited[int(campaign)].append(float(at))
    return awaited
