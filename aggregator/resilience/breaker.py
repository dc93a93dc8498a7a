"""A circuit breaker for each model, shared by all processes: failing models are left out of panels."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import cast

import redis.asyncio as redis
from redis.exceptions import RedisError

from aggregator.catalog.catalog import LanguageModel
from aggregator.resilience import reading_speed, throttle

logger = logging.getLogger(__name__)

FAILURE_THRESHOLD = 4
WINDOW_SECONDS = 120
OPEN_SECONDS = 60
# Errors of the provider; a prompt that is refused or too long says nothing about its health.
TRIPPING_ERRORS = frozenset(
    {"unreachable", "timed_out", "stalled", "rate_limited", "server_failed", "auth_failed", "cut_off"}
)
VALKEY_TIMEOUT_SECONDS = 0.25


def _failures_key(slug: str) -> str:
    return f"models:failures:{slug}"


def _open_key(slug: str) -> str:
    return f"models:resting:{slug}"


async def record_call_results(client: "redis.Redis", call_results: Sequence[tuple[str, str]]) -> None:
    """Count how calls ended, as (slug, error); FAILURE_THRESHOLD failures in a row open a model's circuit."""
    try:
        counts = await asyncio.gather(*(_count_failure(client, slug, error) for slug, error in call_results))
        for (slug, error), count in zip(call_results, counts, strict=True):
            if count >= FAILURE_THRESHOLD:
                logger.warning("model %s failed %d times in a row and is left out", slug, count)
                await client.set(_open_key(slug), error, ex=OPEN_SECONDS)
    except RedisError as failure:
        logger.warning("breaker: call results were not counted (%s)", failure)


async def _count_failure(client: "redis.Redis", slug: str, error: str) -> int:
    if error not in TRIPPING_ERRORS:
        await client.delete(_failures_key(slug))
        return 0
    count, _ = await asyncio.gather(
        client.incr(_failures_key(slug)), client.expire(_failures_key(slug), WINDOW_SECONDS)
    )
    return int(count)


async def filter_available(
    client: "redis.Redis", offer: Sequence[LanguageModel]
) -> tuple[LanguageModel, ...]:
    """Return the models that may be called; all when none is left or Valkey is unreachable."""
    if not offer:
        return ()
    try:
        async with asyncio.timeout(VALKEY_TIMEOUT_SECONDS):
            open_circuits, paused, speeds = await asyncio.gather(
                client.mget([_open_key(model.slug) for model in offer]),
                client.hgetall(throttle.PAUSES_KEY),
                _read_speeds(client, offer),
            )
    except (RedisError, TimeoutError):
        return tuple(offer)
    throttle.apply_pauses(client, cast("Mapping[bytes, bytes]", paused))
    reading_speed.apply_speeds(speeds)
    available = tuple(
        model
        for model, error in zip(offer, open_circuits, strict=True)
        if error is None and not throttle.pause_left_seconds(model)
    )
    return available or tuple(offer)


async def _read_speeds(client: "redis.Redis", offer: Sequence[LanguageModel]) -> Mapping[bytes, bytes]:
    # Hosted models read in no time, and most sites offer no others.
    if not any(model.reading_tokens_per_second for model in offer):
        return {}
    return cast("Mapping[bytes, bytes]", await client.hgetall(reading_speed.SPEEDS_KEY))
