"""Leaves a model out of panels for a while after it failed several times in a row; processes share it."""

import asyncio
import logging
from collections.abc import Sequence

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
    pipeline = client.pipeline(transaction=False)
    for slug, error in endings:
        if error in SICK:
            pipeline.incr(_failures_key(slug))
            pipeline.expire(_failures_key(slug), WINDOW_SECONDS)
        else:
            pipeline.delete(_failures_key(slug))
            pipeline.ping()
    try:
        counts = (await pipeline.execute())[::2]
        for (slug, error), count in zip(endings, counts, strict=True):
            if error in SICK and count >= FAILURES:
                logger.warning("model %s failed %d times in a row and rests", slug, count)
                await client.set(_rest_key(slug), error, ex=REST_SECONDS)
    except RedisError as failure:
        logger.warning("breaker: endings were not noted (%s)", failure)


async def leave_out_resting(
    client: "redis.Redis", offer: Sequence[LanguageModel]
) -> tuple[LanguageModel, ...]:
    """Return the models that neither rest nor wait; all when none would be left or Valkey is silent."""
    if not offer:
        return ()
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            pipeline = client.pipeline(transaction=False)
            pipeline.mget([_rest_key(model.slug) for model in offer])
            pipeline.hgetall(throttle.KEY)
            resting, paused = await pipeline.execute()
    except (RedisError, TimeoutError):
        return tuple(offer)
    throttle.hear(client, paused)
    awake = tuple(
        model
        for model, rest in zip(offer, resting, strict=True)
        if rest is None and not throttle.left_seconds(model)
    )
    return awake or tuple(offer)
