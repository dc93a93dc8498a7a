"""The heartbeat of Celery workers: a Valkey key that expires unless a worker renews it."""

from functools import cache

import redis
from django.conf import settings

HEARTBEAT_KEY = "worker:pulse"
# Workers send a heartbeat every two seconds.
HEARTBEAT_TTL_SECONDS = 15
TIMEOUT_SECONDS = 1


@cache
def connect_valkey() -> redis.Redis:
    """Return the connection of this process for heartbeats and health checks."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    )


def record_heartbeat(**_: object) -> None:
    """Renew the key; a receiver of Celery's `heartbeat_sent` signal."""
    connect_valkey().set(HEARTBEAT_KEY, 1, ex=HEARTBEAT_TTL_SECONDS)


def has_heartbeat(client: redis.Redis) -> bool:
    """Return whether any worker has sent a heartbeat within the last HEARTBEAT_TTL_SECONDS."""
    return bool(client.exists(HEARTBEAT_KEY))
