"""Frequency caps and ad load: what one person saw today, by a daily rotating key, in Valkey."""

import datetime
import logging
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress

import redis
from django.conf import settings

from ads.domain.accounting_day import korean_day
from ads.infra.redis_client import Command, as_list, redis_client, redis_key, run_commands

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
        self._rest = 0
        self._is_newcomer = self._is_read = False

    def read_with(self, name: str) -> bytes | None:
        """Return the value of a key, read in one round trip with the counters of `find_skip_reason`."""
        commands: list[Command] = [
            ("GET", name),
            ("GET", self._key_of("rest")),
            ("HVALS", self._key_of("awaited")),
        ]
        if settings.ADS_SPARE_NEWCOMERS:
            commands.append(("SET", self._key_of("known"), 1, "NX", "EX", DAY_SECONDS))
        value, rest, awaited, *known = run_commands(commands)
        self._rest = int(rest) if isinstance(rest, bytes) else 0
        self._pending = _read_pending(as_list(awaited), since=self._now - PENDING_SECONDS)
        # Set now, so the person was not known before.
        self._is_newcomer = bool(known and known[0])
        self._is_read = True
        return value if isinstance(value, bytes) else None

    def find_skip_reason(self) -> str:
        """Count one answer; return "newcomer" or "ad_load" when it gets no ad, else an empty string."""
        if not self._key:
            return ""
        if not self._is_read:
            self.read_with(self._key_of("rest"))
        if self._is_newcomer:
            return "newcomer"
        if self._rest > 0:
            redis_client().decr(self._key_of("rest"))
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
        prefix = self._key_of("views", "")
        (counts,) = run_commands([("MGET", *(f"{prefix}{campaign}" for campaign in campaigns))])
        views = {
            campaign: (int(count) if isinstance(count, bytes) else 0) + len(self._pending.get(campaign, ()))
            for campaign, count in zip(campaigns, as_list(counts), strict=True)
        }
        return {campaign: count for campaign, count in views.items() if count}

    def offer_commands(self, campaign: int, offer: uuid.UUID) -> list[Command]:
        """Return the commands that count the offer as pending."""
        if not self._key:
            return []
        awaited = self._key_of("awaited")
        return [
            ("HSET", awaited, str(offer), f"{campaign} {self._now}"),
            ("EXPIRE", awaited, PENDING_SECONDS),
        ]

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


def _read_pending(values: Sequence[object], *, since: float) -> Mapping[int, list[float]]:
    pending: dict[int, list[float]] = defaultdict(list)
    for campaign, at in (each.split() for each in values if isinstance(each, bytes)):
        if float(at) > since:
            pending[int(campaign)].append(float(at))
    return pending
