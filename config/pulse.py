"""The worker's sign of life: a key in Valkey that every heartbeat renews; and the end of its beat."""

import signal
from functools import cache

import redis
from django.conf import settings

from config.stack.leash import die_with_parent

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


def end_with_worker(**_: object) -> None:
    """Tie the beat of a worker, a process of its own, to the worker; Celery calls it in that process."""
    die_with_parent(signal.SIGKILL)


def has_pulse() -> bool:
    """Tell whether a worker has lately been alive."""
    return bool(connect().exists(KEY))
