"""What one person saw today, by their rotating key: counters that cap how often, and nothing else."""

import datetime
import logging
from collections.abc import Sequence
from contextlib import suppress

import redis
from django.conf import settings

from ads.fast_store import fast_store, key
from ads.leases import korean_day

logger = logging.getLogger(__name__)

DAY_SECONDS = 26 * 3600


class Person:
    """The counters of one frequency key on one day; a request without a key has none and no caps."""

    def __init__(self, frequency_key: str, *, at: datetime.datetime) -> None:
        self._key = frequency_key
        self._day = korean_day(at).isoformat()

    def find_rest(self) -> str:
        """Count one more answer and say why it goes without an ad: the day's first, or too soon after one."""
        if not self._key:
            return ""
        store = fast_store()
        if settings.ADS_SPARE_NEWCOMERS and store.set(self._name("known"), 1, nx=True, ex=DAY_SECONDS):
            return "newcomer"
        resting = store.get(self._name("rest"))
        if not resting or int(resting) <= 0:
            return ""
        store.decr(self._name("rest"))
        return "ad_load"

    def count_views(self, campaigns: Sequence[int]) -> dict[int, int]:
        """Return how often each campaign was seen today; a hidden one counts as seen for the whole day."""
        if not self._key or not campaigns:
            return {}
        counts = fast_store().mget([self._name("views", campaign) for campaign in campaigns])
        return {
            campaign: int(count)
            for campaign, count in zip(campaigns, counts, strict=True)
            if count is not None
        }

    def note_view(self, campaign: int) -> None:
        """Count a look, and let the next answers be without an ad."""
        if not self._key:
            return
        try:
            with fast_store().pipeline(transaction=False) as pipeline:
                pipeline.incr(self._name("views", campaign))
                pipeline.expire(self._name("views", campaign), DAY_SECONDS)
                pipeline.set(self._name("rest"), settings.ADS_ANSWERS_PER_AD - 1, ex=DAY_SECONDS)
                pipeline.execute()
        except redis.RedisError:
            # The look itself is kept in the database; only the caps of this person forget it.
            logger.warning("a look at campaign %s was not counted towards its caps", campaign)

    def note_hidden(self, campaign: int) -> None:
        """Keep a campaign away for the rest of the day."""
        if self._key:
            with suppress(redis.RedisError):
                fast_store().set(self._name("views", campaign), 1_000_000, ex=DAY_SECONDS)

    def _name(self, *parts: object) -> str:
        return key("person", self._day, self._key, *parts)
