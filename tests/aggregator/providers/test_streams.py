import asyncio

import pytest

from aggregator.providers import cost_micros
from testing.provider.server import ProviderServer, Script, say
from tests.aggregator.providers.completion_requests import MESSAGES, ask, make_model, make_request
from tests.aggregator.providers.conftest import SECRET

ANSWER = "한국의 수도는 서울이에요. 🍜 It is Seoul.\n\n- 그럼요"
WIRES = ["openai", "anthropic", "gemini"]
pytestmark = pytest.mark.usefixtures("path")


@pytest.mark.parametrize("wire", WIRES)
async def test_an_answer_streams_and_ends_in_one_completion(
    provider_server: ProviderServer, wire: str
) -> None:
    name = provider_server.add("streams", say(ANSWER, delay_s=0.04))
    reply = await ask(make_request(make_model(provider_server, name, wire)))
    assert reply.completion is not None
    assert reply.completion.text == reply.text == ANSWER
    assert len(reply.deltas) > 3
    assert reply.completion.finish_reason == "stop"
    assert reply.completion.usage.source == "provider"
    assert reply.completion.usage.output_tokens == len(say(ANSWER).pieces)
    assert reply.completion.ttft_ms is not None
    assert reply.completion.ttft_ms <= reply.completion.duration_ms


@pytest.mark.parametrize("wire", WIRES)
async def test_split_characters_are_joined(provider_server: ProviderServer, wire: str) -> None:
    name = provider_server.add("cut-bytes", say(ANSWER, splits_bytes=True))
    reply = await ask(make_request(make_model(provider_server, name, wire)))
    assert reply.text == ANSWER


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("finish", ["length", "content_filter"])
async def test_the_finish_reason_is_kept(provider_server: ProviderServer, wire: str, finish: str) -> None:
    name = provider_server.add(f"ends-{finish}", say(ANSWER, finish=finish))
    reply = await ask(make_request(make_model(provider_server, name, wire)))
    assert reply.completion is not None
    assert reply.completion.finish_reason == finish
    assert reply.completion.text == ANSWER


@pytest.mark.parametrize("wire", WIRES)
async def test_null_characters_are_removed(provider_server: ProviderServer, wire: str) -> None:
    name = provider_server.add("says-nul", Script(pieces=("서\x00울", "\x00", "이에요.\x00")))
    reply = await ask(make_request(make_model(provider_server, name, wire)))
    assert reply.completion is not None
    assert reply.completion.text == reply.text == "서울이에요."
    assert "" not in reply.deltas


async def test_missing_usage_is_estimated(provider_server: ProviderServer) -> None:
    name = provider_server.add("no-usage", say(ANSWER, has_usage=False))
    reply = await ask(make_request(make_model(provider_server, name)))
    assert reply.completion is not None
    usage = reply.completion.usage
    assert usage.source == "counted"
    assert 5 < usage.output_tokens < 40
    assert usage.input_tokens > 10


async def test_a_completion_costs_its_tokens(provider_server: ProviderServer) -> None:
    model = make_model(provider_server, "tokens:20")
    reply = await ask(make_request(model))
    assert reply.completion is not None
    usage = reply.completion.usage
    assert cost_micros(model, usage) == usage.input_tokens * 3 + 20 * 7


async def test_a_wrong_content_type_does_not_matter(provider_server: ProviderServer) -> None:
    name = provider_server.add("odd-type", say(ANSWER, content_type="text/html"))
    reply = await ask(make_request(make_model(provider_server, name)))
    assert reply.text == ANSWER


async def test_very_long_lines_and_answers_are_read(provider_server: ProviderServer) -> None:
    name = provider_server.add("long-line", say("시작 끝", fault="huge_line", fault_at=1))
    long_line, long_answer = await asyncio.gather(
        ask(make_request(make_model(provider_server, name), max_tokens=70_000)),
        ask(make_request(make_model(provider_server, "tokens:2000"), max_tokens=2_000)),
    )
    assert len(long_line.text) > 1_000_000
    assert long_answer.text.endswith(" w1999")


@pytest.mark.parametrize("wire", WIRES)
async def test_all_messages_and_the_key_are_sent(provider_server: ProviderServer, wire: str) -> None:
    name = f"sees-{wire}"
    provider_server.add(name, say(ANSWER))
    await ask(make_request(make_model(provider_server, name, wire)))
    request = provider_server.requests_for(name)[-1]
    assert MESSAGES[0].text in str(request.body)
    assert MESSAGES[1].text in str(request.messages)
    assert any(SECRET in value for value in request.headers.values())
    assert SECRET not in str(request.body)


async def test_a_provider_without_an_adapter_streams_through_litellm(provider_server: ProviderServer) -> None:
    name = provider_server.add("by-litellm-alone", say(ANSWER))
    reply = await ask(make_request(make_model(provider_server, name, "deepseek")))
    assert reply.text == ANSWER


async def test_many_answers_stream_at_once(provider_server: ProviderServer, path: str) -> None:
    name = provider_server.add(f"at-once-{path}", say(ANSWER, delay_s=0.2))
    model = make_model(provider_server, name)
    answers = await asyncio.gather(*(ask(make_request(model)) for _ in range(16)))
    assert [reply.text for reply in answers] == [ANSWER] * 16
    requests = provider_server.requests_for(name)
    assert max(one.started_at for one in requests) < min(one.ended_at for one in requests)
