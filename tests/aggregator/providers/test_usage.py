"""Reported usage counts only where it is possible."""

import asyncio

import pytest

from aggregator.providers import TokenUsage
from testing.provider.server import ProviderServer, Script, say
from tests.aggregator.providers.completion_requests import ask, make_model, make_request

ANSWER = "한국의 수도는 서울이에요."
IMPOSSIBLE = [(-5, -7), (50, -1), (10**10, 5), (50, 3 * 10**9), (None, None), (0, 0)]
pytestmark = pytest.mark.usefixtures("path")


@pytest.mark.parametrize("usage_values", IMPOSSIBLE)
async def test_impossible_usage_is_replaced_by_an_estimate(
    provider_server: ProviderServer, usage_values: tuple[object, object]
) -> None:
    name = provider_server.add("miscounts", say(ANSWER, usage=usage_values))
    reply = await ask(make_request(make_model(provider_server, name)))
    assert reply.completion is not None
    assert reply.completion.text == ANSWER
    usage = reply.completion.usage
    assert usage.source == "counted"
    assert 10 < usage.input_tokens < 100
    assert 5 < usage.output_tokens < 40


async def test_reasoning_without_an_answer_has_its_reported_usage(
    provider_server: ProviderServer,
) -> None:
    script = Script(thoughts=("음… " * 20,), finish="length", usage=(4_000, 4_096))
    name = provider_server.add("thinks-only", script)
    reply = await ask(make_request(make_model(provider_server, name)))
    assert reply.error is not None
    assert reply.error.code == "empty"
    assert reply.error.usage == TokenUsage(4_000, 4_096, "provider")


async def test_a_broken_stream_is_counted_with_its_reasoning(
    provider_server: ProviderServer,
) -> None:
    script = Script(("서울",), thoughts=("x" * 300,), fault="cut", fault_at=1)
    name = provider_server.add("thinks-and-breaks", script)
    reply = await ask(make_request(make_model(provider_server, name)))
    assert reply.error is not None
    assert reply.error.usage is not None
    assert reply.error.usage.source == "counted"
    assert reply.error.usage.input_tokens > 10
    assert reply.error.usage.output_tokens > 100


async def test_a_provider_that_sent_nothing_has_no_usage(provider_server: ProviderServer) -> None:
    name = provider_server.add("never-spoke", Script(status=500))
    reply = await ask(make_request(make_model(provider_server, name)))
    assert reply.error is not None
    assert reply.error.usage is None


@pytest.mark.parametrize(
    "script",
    [
        Script(pieces=("서울 " * 100,) * 2_000, delay_s=0.02),
        Script(pieces=("서울 " * 300_000,)),
    ],
)
async def test_a_server_that_ignores_the_limit_is_cut_off(
    provider_server: ProviderServer, path: str, script: Script
) -> None:
    name = provider_server.add(f"gigantic-{path}-{len(script.pieces)}", script)
    reply = await ask(make_request(make_model(provider_server, name)))
    assert reply.completion is not None
    assert reply.completion.finish_reason == "length"
    assert reply.completion.text == reply.text
    assert len(reply.text) == 16 * 200
    assert reply.completion.usage.output_tokens > 500
    if script.delay_s:
        (request,) = provider_server.requests_for(name)
        assert await asyncio.to_thread(provider_server.wait_until, lambda: request.is_cancelled, 10)


async def test_endless_reasoning_is_cut_off(provider_server: ProviderServer) -> None:
    script = Script(("서울",), thoughts=("x" * 1_000,) * 20, fault="stall")
    name = provider_server.add("thinks-for-ever", script)
    reply = await ask(make_request(make_model(provider_server, name)))
    assert reply.error is not None
    assert reply.error.code == "empty"
    assert reply.error.usage is not None
    assert reply.error.usage.output_tokens > 4_000
