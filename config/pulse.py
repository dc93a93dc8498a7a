"""The worker's sign of life: a key in Valkey that every heartbeat renews."""

from functools import cache

import redis
from django.conf import settings

KEY = "worker:pulse"
# A worker's heart beats every two seconds.
SECONDS = 15
TIMEOUT_SECONDS = 1


@cache
def connect() -> redis.Redis:
    """Return this process's connection for signs of life and checks of health."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    )


def note_pulse(**_: object) -> None:
    """Renew the sign of life; Celery calls it at every heartbeat of a worker."""
    connect().set(KEY, 1, ex=SECONDS)


def has_pulse() -> bool:
    """Tell whether a worker has lately been alive."""
    return bool(connect().exists(KEY))
