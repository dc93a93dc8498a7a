"""Frequency caps and ad load: what one person saw today, by a daily rotating key, in Valkey."""

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
# A pending offer (no impression yet) counts towards caps for this long, so that several open pages together
# do not exceed them; for the shorter time, no other answer gets an ad.
PENDING_SECONDS = 600
PENDING_REST_SECONDS = 60


class FrequencyCaps:
    """The counters of one frequency key on one accounting day; without a key there are no caps."""

    def __init__(self, frequency_key: str, *, at: datetime.datetime) -> None:
        self._key = frequency_key
        self._day = korean_day(at).isoformat()
        self._now = at.timestamp()
        self._pending: Mapping[int, list[float]] = {}

    def find_skip_reason(self) -> str:
        """Count one answer; return "newcomer" or "ad_load" when it gets no ad, else an empty string."""
        if not self._key:
            return ""
        store = redis_client()
        if settings.ADS_SPARE_NEWCOMERS and store.set(self._key_of("known"), 1, nx=True, ex=DAY_SECONDS):
            return "newcomer"
        with store.pipeline(transaction=False) as pipeline:
            pipeline.get(self._key_of("rest"))
            pipeline.hvals(self._key_of("awaited"))
            rest, awaited = pipeline.execute()
        self._pending = _read_pending(awaited, since=self._now - PENDING_SECONDS)
        if rest and int(rest) > 0:
            store.decr(self._key_of("rest"))
            return "ad_load"
        latest = max((at for times in self._pending.values() for at in times), default=0.0)
        is_pending = settings.ADS_ANSWERS_PER_AD > 1 and latest > self._now - PENDING_REST_SECONDS
        return "ad_load" if is_pending else ""

    def count_views(self, campaigns: Sequence[int]) -> dict[int, int]:
        """Return today's views of each campaign with any; a hidden campaign has a very high count.

        Pending offers count too, as read by `find_skip_reason`.
        """
        if not self._key or not campaigns:
            return {}
        counts = redis_client().mget([self._key_of("views", campaign) for campaign in campaigns])
        views = {
            campaign: int(count or 0) + len(self._pending.get(campaign, ()))
            for campaign, count in zip(campaigns, counts, strict=True)
        }
        return {campaign: count for campaign, count in views.items() if count}

    def record_offer(self, pipeline: Pipeline, campaign: int, offer: uuid.UUID) -> None:
        """Queue on the pipeline: count the offer as pending."""
        if self._key:
            pipeline.hset(self._key_of("awaited"), str(offer), f"{campaign} {self._now}")
            pipeline.expire(self._key_of("awaited"), PENDING_SECONDS)

    def record_impression(self, campaign: int, offer: uuid.UUID | None = None) -> None:
        """Count an impression and start the rest before the next ad."""
        if not self._key:
            return
        try:
            with redis_client().pipeline(transaction=False) as pipeline:
                pipeline.incr(self._key_of("views", campaign))
                pipeline.expire(self._key_of("views", campaign), DAY_SECONDS)
                pipeline.hdel(self._key_of("awaited"), str(offer))
                pipeline.set(self._key_of("rest"), settings.ADS_ANSWERS_PER_AD - 1, ex=DAY_SECONDS)
                pipeline.execute()
        except redis.RedisError:
            # The impression is in the database; only this person's caps miss it.
            logger.warning("an impression of campaign %s was not counted towards frequency caps", campaign)

    def record_hidden(self, campaign: int) -> None:
        """Block a campaign for the rest of the day."""
        if self._key:
            with suppress(redis.RedisError):
                redis_client().set(self._key_of("views", campaign), 1_000_000, ex=DAY_SECONDS)

    def _key_of(self, *parts: object) -> str:
        return redis_key("person", self._day, self._key, *parts)


def _read_pending(values: Sequence[bytes], *, since: float) -> Mapping[int, list[float]]:
    pending: dict[int, list[float]] = defaultdict(list)
    for campaign, at in (each.split() for each in values):
        if float(at) > since:
            pending[int(campaign)].append(float(at))
    return pending
