"""The heartbeat of a Celery worker: a key in Valkey that expires when the worker stops renewing it."""

from functools import cache

import redis
from django.conf import settings

HEARTBEAT_KEY = "worker:pulse"
# A worker's heart beats every two seconds.
HEARTBEAT_TTL_SECONDS = 15
TIMEOUT_SECONDS = 1


@cache
def connect_valkey() -> redis.Redis:
    """Return this process's connection for signs of life and checks of health."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    )


def record_heartbeat(**_: object) -> None:
    """Renew the sign of life; Celery calls it at every heartbeat of a worker."""
    connect_valkey().set(HEARTBEAT_KEY, 1, ex=HEARTBEAT_TTL_SECONDS)


def has_heartbeat() -> bool:
    """Tell whether a worker has lately been alive."""
    return bool(connect_valkey().exists(HEARTBEAT_KEY))
