"""A provider that reported a rate limit is paused in every process until the limit is reset."""

import asyncio
import datetime as dt
import time

import pytest
import redis.asyncio as redis
from django.conf import settings

from aggregator.providers import RateLimited, close_providers
from aggregator.resilience import breaker, throttle
from testing.provider.server import ProviderServer, Script, say
from tests.aggregator.providers.completion_requests import StreamedReply, ask, make_model, make_request

pytestmark = pytest.mark.usefixtures("valkey")

TOO_MANY = Script(status=429, error="rate_limit_exceeded", retry_after="30")


async def call_model(provider: ProviderServer, name: str) -> StreamedReply:
    """Call a model once."""
    reply = await ask(make_request(make_model(provider, name)))
    await close_providers()
    return reply


async def list_available(provider: ProviderServer, name: str) -> list[str]:
    """Apply the pauses of other processes, as a turn does at its start; return the available models."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    other = make_model(provider, "elsewhere", wire="anthropic")
    awake = await breaker.filter_available(client, (make_model(provider, name), other))
    await client.aclose()
    return [model.slug for model in awake]


async def test_a_rate_limited_provider_is_paused(provider: ProviderServer) -> None:
    provider.add("busy", TOO_MANY)
    first = await call_model(provider, "busy")
    provider.add("busy", say("서울이에요."))
    second = await call_model(provider, "busy")
    assert isinstance(first.error, RateLimited) and isinstance(second.error, RateLimited)
    assert second.error.retry_after_s == pytest.approx(30, abs=2)
    assert len(provider.requests_for("busy")) == 1


async def test_other_processes_pause_it_too(provider: ProviderServer) -> None:
    provider.add("busy", TOO_MANY)
    client = redis.Redis.from_url(settings.REDIS_URL)
    throttle.apply_pauses(client, {})
    await call_model(provider, "busy")
    await client.aclose()
    throttle.clear_pauses()
    assert await list_available(provider, "busy") == ["elsewhere"]
    assert isinstance((await call_model(provider, "busy")).error, RateLimited)
    assert len(provider.requests_for("busy")) == 1


async def test_a_short_pause_is_waited_for(provider: ProviderServer) -> None:
    provider.add("busy", say("서울이에요."))
    await throttle.pause_provider(make_model(provider, "busy"), 0.3)
    began = time.monotonic()
    reply = await call_model(provider, "busy")
    assert reply.completion is not None
    assert time.monotonic() - began >= 0.3


async def test_an_exhausted_limit_pauses_before_the_first_error(provider: ProviderServer) -> None:
    empty = (("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "1m30s"))
    provider.add("busy", say("서울이에요.", headers=empty))
    assert (await call_model(provider, "busy")).completion is not None
    assert isinstance((await call_model(provider, "busy")).error, RateLimited)
    assert len(provider.requests_for("busy")) == 1


async def test_an_expired_pause_is_ignored(provider: ProviderServer) -> None:
    model = make_model(provider, "busy")
    await throttle.pause_provider(model, 0.05)
    await asyncio.sleep(0.06)
    assert throttle.pause_left_seconds(model) == 0
    assert await list_available(provider, "busy") == ["busy", "elsewhere"]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("20ms", 0.02), ("1s", 1), ("6m0s", 360), ("1h2m", 3_720), ("7.5", 7.5), ("soon", None), ("", None)],
)
def test_durations_are_parsed_in_the_formats_of_providers(value: str, seconds: float | None) -> None:
    assert throttle.read_duration(value) == (None if seconds is None else pytest.approx(seconds))


def test_a_timestamp_is_parsed_as_the_time_until_then() -> None:
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=20)
    assert throttle.read_duration(moment.isoformat()) == pytest.approx(20, abs=1)


def test_a_limit_with_something_left_is_no_pause() -> None:
    assert throttle.read_limit_reset({"x-ratelimit-remaining-requests": "3"}) is None
    assert throttle.read_limit_reset({"anthropic-ratelimit-tokens-remaining": "0"}) is None
