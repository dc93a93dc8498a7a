"""The market's quick, forgetful memory in Valkey: versions, live bits, counters. Losing it loses no money."""

from functools import cache

import redis
from django.conf import settings

KEY_PREFIX = "ads:"


@cache
def redis_client() -> "redis.Redis":
    """Return this process's client; every call on it gives up after a short wait."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=0.25, socket_connect_timeout=0.25, health_check_interval=30
    )


def redis_key(*parts: object) -> str:
    """Return the name of something of ours."""
    return KEY_PREFIX + ":".join(str(part) for part in parts)


def read_values(*names: str) -> list[bytes | None]:
    """Return what is kept under each name."""
    return [kept if isinstance(kept, bytes) else None for kept in redis_client().mget(names)]
