"""The market's Valkey client, for snapshots, overrides and counters; losing their data loses no money."""

from functools import cache

import redis
from django.conf import settings

KEY_PREFIX = "ads:"


@cache
def redis_client() -> "redis.Redis":
    """Return this process's client; its calls have a short timeout."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=0.25, socket_connect_timeout=0.25, health_check_interval=30
    )


def redis_key(*parts: object) -> str:
    """Return a key with the prefix of the market."""
    return KEY_PREFIX + ":".join(str(part) for part in parts)


def read_values(*names: str) -> list[bytes | None]:
    """Return the value of each key."""
    return [value if isinstance(value, bytes) else None for value in redis_client().mget(names)]
