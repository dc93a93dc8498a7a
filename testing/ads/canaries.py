"""Words that occur nowhere else, planted in prompts, and every place of the market they could turn up in."""

import re
import secrets

from django.apps import apps
from django.db import connection
from redis import Redis

CANARY = re.compile(r"canary[0-9a-f]{12}")
# In one prompt of these a canary is a name, in another an address or half of a word.
PROMPTS = (
    "내 비밀은 {} 이고 도쿄 항공권 싸게 사는 법",
    "{}@example.com 으로 도쿄 항공권 가격 알려 줘",
    "도쿄 항공권 추천해 줘, 나는 {}에 살아",
    "cheap flights to Tokyo for {}'s birthday, 도쿄 항공권 비교",
)


def make_canary_prompts(count: int) -> list[str]:
    """Return prompts that match the inventory of the tests, each with a word of its own."""
    return [PROMPTS[n % len(PROMPTS)].format(f"canary{secrets.token_hex(6)}") for n in range(count)]


def find_canaries(text: str) -> set[str]:
    """Return the planted words that stand in this text."""
    return set(CANARY.findall(text))


def read_tables() -> str:
    """Return every row of every table of the market."""
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_app_config("ads").get_models():
            cursor.execute(f"SELECT row_to_json(t)::text FROM {model._meta.db_table} t")  # noqa: S608
            found += [row for (row,) in cursor]
    return "\n".join(found)


def read_valkey(client: "Redis") -> str:
    """Return every name and value of the store: caches, counters, logs of turns and the queues of workers."""
    return "\n".join(f"{name!r} {_value_of(client, name)!r}" for name in client.keys("*"))


def _value_of(client: "Redis", name: bytes | str) -> object:
    # Each kind as itself: what DUMP returns may be compressed, and a word in it cut in two.
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
            # Its time was over between two looks.
            return None
    raise TypeError(f"{name!r} is of a kind that nobody reads")
