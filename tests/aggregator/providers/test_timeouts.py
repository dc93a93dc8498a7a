import asyncio
import time
from contextlib import aclosing

import pytest

from aggregator.providers import Completion, Delta, RateLimited, ServerFailed, TimedOut, stream_completion
from testing.provider.server import ProviderServer, say
from tests.aggregator.providers.completion_requests import ask, make_model, make_request

TEXT = "하나 둘 셋 넷 다섯"
WIRES = ["openai", "anthropic", "gemini"]
pytestmark = pytest.mark.usefixtures("path")


async def test_a_stalled_provider_does_not_delay_the_others(provider_server: ProviderServer) -> None:
    stalls = provider_server.add("holds-up", say(TEXT, fault="stall", fault_at=2))
    ended: list[str] = []

    async def listen(name: str) -> None:
        await ask(make_request(make_model(provider_server, name), stall_ms=2_500))
        ended.append(name)

    await asyncio.gather(listen(stalls), listen("tokens:20@100"), listen("tokens:21@100"))
    assert ended[-1] == stalls


async def test_the_whole_answer_has_a_deadline(provider_server: ProviderServer) -> None:
    model = make_model(provider_server, "tokens:1000@50")
    reply = await ask(make_request(model, deadline_ms=2_000))
    assert type(reply.error) is TimedOut
    assert reply.error.partial_text == reply.text
    assert reply.text.startswith(" w0")


@pytest.mark.parametrize("wire", WIRES)
async def test_a_cancelled_task_stops_the_provider_at_once(
    provider_server: ProviderServer, wire: str, path: str
) -> None:
    name = provider_server.add(f"stopped-{wire}-{path}", say(TEXT * 500, delay_s=0.02))
    task = asyncio.create_task(ask(make_request(make_model(provider_server, name, wire))))
    assert await asyncio.to_thread(
        provider_server.wait_until,
        lambda: any(request.pieces_sent > 3 for request in provider_server.requests_for(name)),
    )
    task.cancel()
    cancelled_at = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await task
    (request,) = provider_server.requests_for(name)
    assert await asyncio.to_thread(provider_server.wait_until, lambda: request.is_cancelled)
    assert request.ended_at - cancelled_at < 5


@pytest.mark.parametrize("wire", WIRES)
async def test_a_closed_generator_stops_the_provider(
    provider_server: ProviderServer, wire: str, path: str
) -> None:
    name = provider_server.add(f"left-{wire}-{path}", say(TEXT * 500, delay_s=0.02))
    async with aclosing(stream_completion(make_request(make_model(provider_server, name, wire)))) as pieces:
        async for piece in pieces:
            assert isinstance(piece, Delta)
            break
    (request,) = provider_server.requests_for(name)
    assert await asyncio.to_thread(provider_server.wait_until, lambda: request.is_cancelled)


async def test_a_failed_start_is_retried_once(provider_server: ProviderServer, path: str) -> None:
    name = provider_server.add(f"recovers-{path}", say(TEXT, status=500, fails_first=1))
    reply = await ask(make_request(make_model(provider_server, name)))
    assert isinstance(reply.completion, Completion)
    assert reply.text == TEXT
    assert len(provider_server.requests_for(name)) == 2


async def test_a_start_that_fails_twice_is_an_error(provider_server: ProviderServer, path: str) -> None:
    name = provider_server.add(f"gives-up-{path}", say(TEXT, status=503))
    reply = await ask(make_request(make_model(provider_server, name)))
    assert type(reply.error) is ServerFailed
    assert len(provider_server.requests_for(name)) == 2


@pytest.mark.parametrize(("retry_after", "requests"), [("1", 2), ("30", 1), ("", 1)])
async def test_only_a_short_rate_limit_is_retried(
    provider_server: ProviderServer, retry_after: str, requests: int, path: str
) -> None:
    script = say(TEXT, status=429, error="rate_limit_exceeded", retry_after=retry_after)
    name = provider_server.add(f"limited-{retry_after}-{path}", script)
    reply = await ask(make_request(make_model(provider_server, name)))
    assert type(reply.error) is RateLimited
    assert len(provider_server.requests_for(name)) == requests


async def test_a_retry_stays_within_the_limit_for_the_first_token(
    provider_server: ProviderServer, path: str
) -> None:
    script = say(TEXT, status=429, error="rate_limit_exceeded", retry_after="3")
    name = provider_server.add(f"no-time-{path}", script)
    reply = await ask(make_request(make_model(provider_server, name), first_token_ms=2_500))
    assert type(reply.error) is RateLimited
    assert len(provider_server.requests_for(name)) == 1


async def test_a_call_with_partial_text_is_not_retried(provider_server: ProviderServer, path: str) -> None:
    name = provider_server.add(f"shown-{path}", say(TEXT, fault="error", fault_at=3))
    reply = await ask(make_request(make_model(provider_server, name)))
    assert type(reply.error) is ServerFailed
    assert len(provider_server.requests_for(name)) == 1
