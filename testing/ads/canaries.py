"""Canary words, prompts that hold them, and readers of the stores that they must not reach."""

import re
import secrets

from django.apps import apps
from django.db import connection
from redis import Redis

CANARY = re.compile(r"canary[0-9a-f]{12}")
# The canary is a secret, a mail address, a place, and a part of a longer word.
PROMPTS = (
    "내 비밀은 {} 이고 도쿄 항공권 싸게 사는 법",
    "{}@example.com 으로 도쿄 항공권 가격 알려 줘",
    "도쿄 항공권 추천해 줘, 나는 {}에 살아",
    "cheap flights to Tokyo for {}'s birthday, 도쿄 항공권 비교",
)


def make_canary_prompts(count: int) -> list[str]:
    """Return prompts that match the inventory of the tests, each with its own canary."""
    return [PROMPTS[n % len(PROMPTS)].format(f"canary{secrets.token_hex(6)}") for n in range(count)]


def find_canaries(text: str) -> set[str]:
    """Return the canaries in this text."""
    return set(CANARY.findall(text))


def read_tables() -> str:
    """Return all rows of all tables of the market as JSON."""
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_app_config("ads").get_models():
            cursor.execute(f"SELECT row_to_json(t)::text FROM {model._meta.db_table} t")  # noqa: S608
            found += [row for (row,) in cursor]
    return "\n".join(found)


def read_valkey(client: "Redis") -> str:
    """Return all keys and values of Valkey: caches, counters, turn logs and worker queues."""
    return "\n".join(f"{name!r} {_value_of(client, name)!r}" for name in client.keys("*"))


def _value_of(client: "Redis", name: bytes | str) -> object:
    # Not DUMP, whose result may be compressed.
    match client.type(name):
        case b"string":
            return client.get(name)
        case b"list":
            return client.lrange(name, 0, -1)
        case b"set":
            return client.smembers(name)
        case b"zset":
            return client.zrange(name, 0, -1)
        case b"hash":
            return client.hgetall(name)
        case b"stream":
            return client.xrange(name)
        case b"none":
            # The key has expired meanwhile.
            return None
    raise TypeError(f"{name!r} has a type that is not read here")
