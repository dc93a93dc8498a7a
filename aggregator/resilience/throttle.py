"""Pauses calls to a provider that reported a rate limit, in every process, until the limit is over."""

import asyncio
import datetime as dt
import logging
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

import redis.asyncio as redis
from redis.exceptions import RedisError

from aggregator.catalog.catalog import LanguageModel
from aggregator.infra.loop_runtime import per_loop

logger = logging.getLogger(__name__)

PAUSES_KEY = "providers:paused"
VALKEY_TIMEOUT_SECONDS = 0.25
# For a provider that reports a rate limit without saying when it ends.
DEFAULT_PAUSE_SECONDS = 5.0
MAX_PAUSE_SECONDS = 600.0
# What is left of a limit and when it is reset, as OpenAI-compatible providers and Anthropic name it.
RATE_LIMIT_HEADERS = (
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
)
SECONDS_PER_UNIT = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
# Until when each account is paused, as Unix time, as far as this process knows.
_paused: dict[str, float] = {}


@dataclass(slots=True)
class _Publisher:
    """The connection by which the running loop tells other processes of a pause."""

    client: "redis.Redis | None" = None


_publisher = per_loop(_Publisher)


def account_key(model: LanguageModel) -> str:
    """Return an opaque name of the account whose calls a provider limits together."""
    # Another key may belong to another account of the provider, which is not limited.
    key = f"{model.account}:{model.key_id}" if model.account else model.api_key_name
    return _name_account(model.provider, model.api_base, key)


@lru_cache(maxsize=1_000)
def _name_account(*parts: str) -> str:
    return sha256("|".join(parts).encode()).hexdigest()[:16]


def pause_left_seconds(model: LanguageModel) -> float:
    """Return for how many seconds a model's provider is still paused, 0 when it may be called."""
    # Called for each offered model at the start of each turn, when hardly ever a provider is paused.
    return max(0.0, _paused.get(account_key(model), 0.0) - time.time()) if _paused else 0.0


async def pause_provider(model: LanguageModel, seconds: float | None) -> None:
    """Pause calls to a model's provider in all processes, for DEFAULT_PAUSE_SECONDS without `seconds`."""
    account = account_key(model)
    until = time.time() + min(MAX_PAUSE_SECONDS, DEFAULT_PAUSE_SECONDS if seconds is None else seconds)
    if until <= _paused.get(account, 0.0):
        return
    _paused[account] = until
    client = _publisher().client
    if client is None:
        return
    try:
        async with asyncio.timeout(VALKEY_TIMEOUT_SECONDS):
            await client.hset(PAUSES_KEY, account, f"{until:.3f}")
            await client.expire(PAUSES_KEY, math.ceil(MAX_PAUSE_SECONDS))
    except (RedisError, TimeoutError) as failure:
        logger.warning("throttle: a pause was not published (%s)", type(failure).__name__)


def apply_pauses(client: "redis.Redis", published: Mapping[bytes, bytes]) -> None:
    """Apply the pauses that other processes published, and keep the connection for publishing our own."""
    _publisher().client = client
    for account, until in published.items():
        name = account.decode()
        _paused[name] = max(float(until), _paused.get(name, 0.0))


def clear_pauses() -> None:
    """Forget all pauses of this process."""
    _paused.clear()


def read_limit_reset(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until an exhausted limit in a response's headers is reset, None without one."""
    waits = [
        seconds
        for remaining, reset in RATE_LIMIT_HEADERS
        if headers.get(remaining, "").strip() == "0"
        and (seconds := read_duration(headers.get(reset, ""))) is not None
    ]
    return max(waits, default=None)


def read_duration(value: str) -> float | None:
    """Parse `6m0s`, `20ms`, plain seconds or an ISO 8601 time as seconds from now; None when it is none."""
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
