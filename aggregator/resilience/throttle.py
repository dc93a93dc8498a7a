"""When providers may be asked again: who said "too many" is left in peace until then, by every process."""

import asyncio
import datetime as dt
import logging
import math
import re
import time
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from weakref import WeakKeyDictionary

import redis.asyncio as redis
from redis.exceptions import RedisError

from aggregator.catalog.catalog import LanguageModel

logger = logging.getLogger(__name__)

PAUSES_KEY = "providers:paused"
VALKEY_TIMEOUT_SECONDS = 0.25
# For a provider that wants fewer calls and does not say when the next one may come.
DEFAULT_PAUSE_SECONDS = 5.0
MAX_PAUSE_SECONDS = 600.0
# How OpenAI and its like, and Anthropic, name what is left of a budget and when it is full again.
RATE_LIMIT_HEADERS = (
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
)
SECONDS_PER_UNIT = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
# What this process knows: the moment, by the wall's clock, until which an account at a provider is paused.
_paused: dict[str, float] = {}
_clients: "WeakKeyDictionary[asyncio.AbstractEventLoop, redis.Redis]" = WeakKeyDictionary()


def account_key(model: LanguageModel) -> str:
    """Return what a provider counts our calls by, as a name that tells no address."""
    return _name_account(model.provider, model.api_base, model.api_key_name)


@lru_cache(maxsize=1_000)
def _name_account(*parts: str) -> str:
    return sha256("|".join(parts).encode()).hexdigest()[:16]


def pause_left_seconds(model: LanguageModel) -> float:
    """Return for how long a model's provider is still to be left in peace, 0 when it may be asked."""
    # Asked of each model of an offer at the start of each turn, when hardly ever anybody is paused.
    return max(0.0, _paused.get(account_key(model), 0.0) - time.time()) if _paused else 0.0


async def pause_provider(model: LanguageModel, seconds: float | None) -> None:
    """Leave a model's provider in peace for so long, and tell every other process."""
    account = account_key(model)
    until = time.time() + min(MAX_PAUSE_SECONDS, DEFAULT_PAUSE_SECONDS if seconds is None else seconds)
    if until <= _paused.get(account, 0.0):
        return
    _paused[account] = until
    client = _clients.get(asyncio.get_running_loop())
    if client is None:
        return
    try:
        async with asyncio.timeout(VALKEY_TIMEOUT_SECONDS):
            await client.hset(PAUSES_KEY, account, f"{until:.3f}")
            await client.expire(PAUSES_KEY, math.ceil(MAX_PAUSE_SECONDS))
    except (RedisError, TimeoutError) as failure:
        logger.warning("throttle: a pause was not told (%s)", type(failure).__name__)


def apply_pauses(client: "redis.Redis", told: Mapping[bytes, bytes]) -> None:
    """Take in what other processes told, and remember by which connection to tell them."""
    _clients[asyncio.get_running_loop()] = client
    for account, until in told.items():
        name = account.decode()
        _paused[name] = max(float(until), _paused.get(name, 0.0))


def clear_pauses() -> None:
    """Know of no pause."""
    _paused.clear()


def read_limit_reset(headers: Mapping[str, str]) -> float | None:
    """Return for how many seconds a reply's headers say that nothing is left, None when something is."""
    waits = [
        seconds
        for remaining, reset in RATE_LIMIT_HEADERS
        if headers.get(remaining, "").strip() == "0"
        and (seconds := read_duration(headers.get(reset, ""))) is not None
    ]
    return max(waits, default=None)


def read_duration(value: str) -> float | None:
    """Read `6m0s`, `20ms`, plain seconds, or the moment itself, as seconds from now."""
    parts = re.findall(r"([\d.]+)(ms|s|m|h)", value)
    if parts and "".join(number + unit for number, unit in parts) == value.strip():
        return sum(float(number) * SECONDS_PER_UNIT[unit] for number, unit in parts)
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - time.time()) if moment.tzinfo else None
