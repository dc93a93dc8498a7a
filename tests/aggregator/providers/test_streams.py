import asyncio

import pytest

from aggregator.providers import cost_micros
from testing.provider.server import ProviderServer, Script, say
from tests.aggregator.providers.completion_requests import ADA_ASKS, ask, make_model, make_request
from tests.aggregator.providers.conftest import SECRET

ANSWER = "한국의 수도는 서울이에요. 🍜 It is Seoul.\n\n- 그럼요"
WIRES = ["openai", "anthropic", "gemini"]
pytestmark = pytest.mark.usefixtures("path")


@pytest.mark.parametrize("wire", WIRES)
async def test_an_answer_streams_and_ends_in_one_completion(
    provider_server: ProviderServer, wire: str
) -> None:
    name = provider_server.add("streams", say(ANSWER, delay_s=0.04))
    heard = await ask(make_request(make_model(provider_server, name, wire)))
    assert heard.completion is not None
    assert heard.completion.text == heard.text == ANSWER
    assert len(heard.deltas) > 3
    assert heard.completion.finish_reason == "stop"
    assert heard.completion.usage.source == "provider"
    assert heard.completion.usage.output_tokens == len(say(ANSWER).pieces)
    assert heard.completion.ttft_ms is not None
    assert heard.completion.ttft_ms <= heard.completion.duration_ms


@pytest.mark.parametrize("wire", WIRES)
async def test_characters_cut_in_two_arrive_whole(provider_server: ProviderServer, wire: str) -> None:
    name = provider_server.add("cut-bytes", say(ANSWER, splits_bytes=True))
    heard = await ask(make_request(make_model(provider_server, name, wire)))
    assert heard.text == ANSWER


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("finish", ["length", "content_filter"])
async def test_the_reason_for_an_end_is_kept(provider_server: ProviderServer, wire: str, finish: str) -> None:
    name = provider_server.add(f"ends-{finish}", say(ANSWER, finish=finish))
    heard = await ask(make_request(make_model(provider_server, name, wire)))
    assert heard.completion is not None
    assert heard.completion.finish_reason == finish
    assert heard.completion.text == ANSWER


@pytest.mark.parametrize("wire", WIRES)
async def test_a_character_that_no_database_takes_is_left_out(
    provider_server: ProviderServer, wire: str
) -> None:
    name = provider_server.add("says-nul", Script(pieces=("서\x00울", "\x00", "이에요.\x00")))
    heard = await ask(make_request(make_model(provider_server, name, wire)))
    assert heard.completion is not None
    assert heard.completion.text == heard.text == "서울이에요."
    assert "" not in heard.deltas


async def test_a_provider_that_counts_nothing_is_counted_for(provider_server: ProviderServer) -> None:
    name = provider_server.add("no-usage", say(ANSWER, has_usage=False))
    heard = await ask(make_request(make_model(provider_server, name)))
    assert heard.completion is not None
    usage = heard.completion.usage
    assert usage.source == "counted"
    assert 5 < usage.output_tokens < 40
    assert usage.input_tokens > 10


async def test_a_completion_costs_its_tokens(provider_server: ProviderServer) -> None:
    model = make_model(provider_server, "tokens:20")
    heard = await ask(make_request(model))
    assert heard.completion is not None
    usage = heard.completion.usage
    assert cost_micros(model, usage) == usage.input_tokens * 3 + 20 * 7


async def test_a_wrong_content_type_does_not_matter(provider_server: ProviderServer) -> None:
    name = provider_server.add("odd-type", say(ANSWER, content_type="text/html"))
    heard = await ask(make_request(make_model(provider_server, name)))
    assert heard.text == ANSWER


async def test_a_very_long_line_and_a_very_long_answer_arrive(provider_server: ProviderServer) -> None:
    name = provider_server.add("long-line", say("시작 끝", fault="huge_line", fault_at=1))
    long_line, long_answer = await asyncio.gather(
        ask(make_request(make_model(provider_server, name), max_tokens=70_000)),
        ask(make_request(make_model(provider_server, "tokens:2000"), max_tokens=2_000)),
    )
    assert len(long_line.text) > 1_000_000
    assert long_answer.text.endswith(" w1999")


@pytest.mark.parametrize("wire", WIRES)
async def test_the_whole_transcript_and_the_key_reach_the_provider(
    provider_server: ProviderServer, wire: str
) -> None:
    name = f"sees-{wire}"
    provider_server.add(name, say(ANSWER))
    await ask(make_request(make_model(provider_server, name, wire)))
    seen = provider_server.asked(name)[-1]
    assert ADA_ASKS[0].text in str(seen.body)
    assert ADA_ASKS[1].text in str(seen.messages)
    assert any(SECRET in value for value in seen.headers.values())
    assert SECRET not in str(seen.body)


async def test_a_provider_without_a_dialect_of_its_own_streams_too(provider_server: ProviderServer) -> None:
    name = provider_server.add("by-litellm-alone", say(ANSWER))
    heard = await ask(make_request(make_model(provider_server, name, "deepseek")))
    assert heard.text == ANSWER


async def test_many_answers_stream_at_once(provider_server: ProviderServer, path: str) -> None:
    name = provider_server.add(f"at-once-{path}", say(ANSWER, delay_s=0.2))
    model = make_model(provider_server, name)
    answers = await asyncio.gather(*(ask(make_request(model)) for _ in range(16)))
    assert [heard.text for heard in answers] == [ANSWER] * 16
    seen = provider_server.asked(name)
    assert max(one.started_at for one in seen) < min(one.ended_at for one in seen)
