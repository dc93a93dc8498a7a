"""The market's Valkey client, for snapshots, overrides and counters; losing their data loses no money."""

from collections.abc import Sequence
from functools import cache

import redis
from django.conf import settings

KEY_PREFIX = "ads:"
# A command's name and its arguments, as they are sent.
Command = tuple[str | bytes | int | float, ...]


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
    (values,) = run_commands([("MGET", *names)])
    return [value if isinstance(value, bytes) else None for value in as_list(values)]


def as_list(reply: object) -> list[object]:
    """Return a reply that is an array."""
    return reply if isinstance(reply, list) else []


def run_commands(commands: Sequence[Command]) -> list[object]:
    """Send the commands in one message and return their replies as Valkey sends them; raises RedisError.

    A pipeline of redis-py spends four times the processor time. A connection that was closed while it was
    idle is replaced once.
    """
    try:
        return _exchange(commands)
    except redis.ConnectionError:
        return _exchange(commands)


def _exchange(commands: Sequence[Command]) -> list[object]:
    pool = redis_client().connection_pool
    connection = pool.get_connection()
    try:
        # redis-py does not annotate these.
        connection.send_packed_command(connection.pack_commands(commands))  # type: ignore[no-untyped-call]
        replies = []
        for _ in commands:
            try:
                replies.append(connection.read_response())
            except redis.ResponseError as error:
                replies.append(error)
    except BaseException:
        # Replies that were not read would be taken for those of the next command.
        connection.disconnect()  # type: ignore[no-untyped-call]
        raise
    finally:
        pool.release(connection)
    for reply in replies:
        if isinstance(reply, redis.ResponseError):
            raise reply
    return replies
