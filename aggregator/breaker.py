"""Leaves a model out of panels for a while after it failed several times in a row; processes share it."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import cast

import redis.asyncio as redis
from redis.exceptions import RedisError

from aggregator import throttle
from aggregator.catalog import LanguageModel

logger = logging.getLogger(__name__)

FAILURES = 4
WINDOW_SECONDS = 120
REST_SECONDS = 60
# What speaks of the provider; a prompt that is refused or too long says nothing about its health.
SICK = frozenset(
    {"unreachable", "timed_out", "stalled", "rate_limited", "server_failed", "auth_failed", "cut_off"}
)
ANSWER_SECONDS = 0.25


def _failures_key(slug: str) -> str:
    return f"models:failures:{slug}"


def _rest_key(slug: str) -> str:
    return f"models:resting:{slug}"


async def note_endings(client: "redis.Redis", endings: Sequence[tuple[str, str]]) -> None:
    """Take in how calls to models ended, as slug and error; after several failures in a row a model rests."""
    try:
        counts = await asyncio.gather(*(_count(client, slug, error) for slug, error in endings))
        for (slug, error), count in zip(endings, counts, strict=True):
            if count >= FAILURES:
                logger.warning("model %s failed %d times in a row and rests", slug, count)
                await client.set(_rest_key(slug), error, ex=REST_SECONDS)
    except RedisError as failure:
        logger.warning("breaker: endings were not noted (%s)", failure)


async def _count(client: "redis.Redis", slug: str, error: str) -> int:
    if error not in SICK:
        await client.delete(_failures_key(slug))
        return 0
    count, _ = await asyncio.gather(
        client.incr(_failures_key(slug)), client.expire(_failures_key(slug), WINDOW_SECONDS)
    )
    return int(count)


async def leave_out_resting(
    client: "redis.Redis", offer: Sequence[LanguageModel]
) -> tuple[LanguageModel, ...]:
    """Return the models that neither rest nor wait; all when none would be left or Valkey is silent."""
    if not offer:
        return ()
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            resting, paused = await asyncio.gather(
                client.mget([_rest_key(model.slug) for model in offer]), client.hgetall(throttle.KEY)
            )
    except (RedisError, TimeoutError):
        return tuple(offer)
    throttle.hear(client, cast("Mapping[bytes, bytes]", paused))
    awake = tuple(
        model
        for model, rest in zip(offer, resting, strict=True)
        if rest is None and not throttle.left_seconds(model)
    )
    return awake or tuple(offer)
