"""A model that fails repeatedly is left out for a while, by every process."""

import pytest
import redis.asyncio as redis
from django.conf import settings

from aggregator.catalog.catalog import LanguageModel
from aggregator.resilience import breaker

pytestmark = pytest.mark.usefixtures("valkey")


def model(slug: str) -> LanguageModel:
    """Return a model with this slug."""
    return LanguageModel(
        slug=slug,
        name=slug,
        vendor="vendor",
        provider="openai_compatible",
        litellm_model=f"openai/{slug}",
        context_window=8_000,
        output_limit=1_000,
        input_price_micros=0,
        output_price_micros=0,
        languages=("ko",),
        standing=0.5,
    )


OFFER = (model("wise"), model("shaky"))


async def slugs_after(*errors: str, times: int = breaker.FAILURE_THRESHOLD) -> list[str]:
    """Record these errors of the shaky model some times and return the available models."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    for _ in range(times):
        await breaker.record_call_results(client, [("shaky", error) for error in errors] + [("wise", "")])
    offer = await breaker.filter_available(client, OFFER)
    await client.aclose()
    return [each.slug for each in offer]


async def test_a_model_that_fails_in_a_row_is_left_out() -> None:
    assert await slugs_after("server_failed") == ["wise"]


async def test_fewer_failures_change_nothing() -> None:
    assert await slugs_after("server_failed", times=breaker.FAILURE_THRESHOLD - 1) == ["wise", "shaky"]


async def test_a_success_resets_the_count() -> None:
    assert await slugs_after("stalled", "", "stalled") == ["wise", "shaky"]


async def test_a_refused_prompt_is_no_failure_of_the_model() -> None:
    assert await slugs_after("refused") == ["wise", "shaky"]


async def test_when_all_models_are_left_out_all_are_available() -> None:
    client = redis.Redis.from_url(settings.REDIS_URL)
    for _ in range(breaker.FAILURE_THRESHOLD):
        await breaker.record_call_results(client, [(each.slug, "timed_out") for each in OFFER])
    assert await breaker.filter_available(client, OFFER) == OFFER
    await client.aclose()


async def test_without_valkey_no_model_is_left_out() -> None:
    client = redis.Redis.from_url("redis://127.0.0.1:1/0")
    await breaker.record_call_results(client, [("shaky", "stalled")])
    assert await breaker.filter_available(client, OFFER) == OFFER
    await client.aclose()
