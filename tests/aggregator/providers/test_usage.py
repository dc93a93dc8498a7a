"""What a provider says that a call took is believed only where it can be true."""

import asyncio

import pytest

from aggregator.providers import TokenUsage
from testing.provider.server import ProviderServer, Script, say
from tests.aggregator.providers.completion_requests import ask, make_model, make_request

ANSWER = "한국의 수도는 서울이에요."
IMPOSSIBLE = [(-5, -7), (50, -1), (10**10, 5), (50, 3 * 10**9), (None, None), (0, 0)]
pytestmark = pytest.mark.usefixtures("path")


@pytest.mark.parametrize("told", IMPOSSIBLE)
async def test_what_cannot_be_true_is_counted_by_us(
    provider_server: ProviderServer, told: tuple[object, object]
) -> None:
    name = provider_server.add("miscounts", say(ANSWER, usage=told))
    heard = await ask(make_request(make_model(provider_server, name)))
    assert heard.completion is not None
    assert heard.completion.text == ANSWER
    usage = heard.completion.usage
    assert usage.source == "counted"
    assert 10 < usage.input_tokens < 100
    assert 5 < usage.output_tokens < 40


async def test_a_model_that_thinks_until_it_has_no_room_to_speak_is_paid(
    provider_server: ProviderServer,
) -> None:
    script = Script(thoughts=("음… " * 20,), finish="length", usage=(4_000, 4_096))
    name = provider_server.add("thinks-only", script)
    heard = await ask(make_request(make_model(provider_server, name)))
    assert heard.error is not None
    assert heard.error.code == "empty"
    assert heard.error.usage == TokenUsage(4_000, 4_096, "provider")


async def test_what_a_broken_stream_took_is_counted_with_its_thoughts(
    provider_server: ProviderServer,
) -> None:
    script = Script(("서울",), thoughts=("x" * 300,), fault="cut", fault_at=1)
    name = provider_server.add("thinks-and-breaks", script)
    heard = await ask(make_request(make_model(provider_server, name)))
    assert heard.error is not None
    assert heard.error.usage is not None
    assert heard.error.usage.source == "counted"
    assert heard.error.usage.input_tokens > 10
    assert heard.error.usage.output_tokens > 100


async def test_a_provider_that_never_spoke_took_nothing(provider_server: ProviderServer) -> None:
    name = provider_server.add("never-spoke", Script(status=500))
    heard = await ask(make_request(make_model(provider_server, name)))
    assert heard.error is not None
    assert heard.error.usage is None


@pytest.mark.parametrize(
    "script",
    [
        Script(pieces=("서울 " * 100,) * 2_000, delay_s=0.02),
        Script(pieces=("서울 " * 300_000,)),
    ],
)
async def test_a_server_that_heeds_no_limit_is_cut_short(
    provider_server: ProviderServer, path: str, script: Script
) -> None:
    name = provider_server.add(f"gigantic-{path}-{len(script.pieces)}", script)
    heard = await ask(make_request(make_model(provider_server, name)))
    assert heard.completion is not None
    assert heard.completion.finish_reason == "length"
    assert heard.completion.text == heard.text
    assert len(heard.text) == 16 * 200
    assert heard.completion.usage.output_tokens > 500
    if script.delay_s:
        (seen,) = provider_server.asked(name)
        assert await asyncio.to_thread(provider_server.wait_until, lambda: seen.is_cancelled, 10)


async def test_thinking_without_an_end_is_cut_short(provider_server: ProviderServer) -> None:
    script = Script(("서울",), thoughts=("x" * 1_000,) * 20, fault="stall")
    name = provider_server.add("thinks-for-ever", script)
    heard = await ask(make_request(make_model(provider_server, name)))
    assert heard.error is not None
    assert heard.error.code == "empty"
    assert heard.error.usage is not None
    assert heard.error.usage.output_tokens > 4_000
