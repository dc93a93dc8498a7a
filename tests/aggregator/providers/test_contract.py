"""Both paths to a provider send the same requests and read the same from a stream."""

from dataclasses import replace
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from aggregator.catalog.catalog import LanguageModel
from aggregator.catalog.sampling_support import find_sampling_support
from aggregator.domain.sampling import DEFAULT_SAMPLING, Sampling
from aggregator.providers import close_providers
from testing.provider.server import ProviderServer, say
from tests.aggregator.providers.completion_requests import StreamedReply, ask, make_model, make_request

WIRES = ["openai", "openrouter", "anthropic", "gemini"]
# Real names, because litellm maps parameters by name; the provider server plays any of them.
NAMES = {
    "openai": ["gpt-6.1-sol", "gpt-6-luna", "solar-pro3", "qwen2.5-0.5b"],
    "openrouter": ["deepseek/deepseek-v4-flash"],
    "anthropic": ["claude-opus-5-5", "claude-haiku-5-5"],
    "gemini": ["gemini-3.8-flash", "gemini-3.5-flash-lite"],
}
MODELS = [(wire, name) for wire in WIRES for name in NAMES[wire]]
SCRIPTS = {
    "plain": say("서울이에요. It is Seoul."),
    "cut bytes": say("서울이에요. 🍜", splits_bytes=True),
    "length": say("서울이", finish="length"),
    "filtered": say("서울", finish="content_filter"),
    "no usage": say("서울", has_usage=False),
    "error at start": say("서울", status=500),
    "too long": say("서울", status=400, error="context_length_exceeded"),
    "no key": say("서울", status=401, error="invalid_api_key"),
    "error inside": say("하나 둘 셋 넷", fault="error", fault_at=2),
    "cut inside": say("하나 둘 셋 넷", fault="cut", fault_at=2),
}


# A request's name of each parameter on each wire, where it differs from OpenAI's.
PROVIDER_NAMES = {"anthropic": {"stop": "stop_sequences"}, "gemini": {"stop": "stop_sequences"}}
REQUESTED = Sampling(
    max_tokens=5,
    temperature=0.25,
    top_p=0.5,
    top_k=3,
    seed=7,
    stop=("끝", "\n\n답"),
    frequency_penalty=0.5,
    presence_penalty=-0.5,
)


async def ask_both_paths(
    server: ProviderServer, settings: Settings, model: LanguageModel, sampling: Sampling = DEFAULT_SAMPLING
) -> list[StreamedReply]:
    """Send the same request through the fast path and through litellm."""
    reply = []
    for is_fast in (True, False):
        settings.PROVIDER_FAST_PATH = is_fast
        reply.append(await ask(make_request(model, sampling=sampling)))
    await close_providers()
    return reply


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("script", SCRIPTS)
async def test_both_paths_read_the_same_from_a_stream(
    provider_server: ProviderServer, settings: Settings, wire: str, script: str
) -> None:
    name = provider_server.add(f"contract {script}", SCRIPTS[script])
    fast, slow = await ask_both_paths(provider_server, settings, make_model(provider_server, name, wire))
    assert fast.text == slow.text
    assert type(fast.error) is type(slow.error)
    if fast.completion and slow.completion:
        assert fast.completion.finish_reason == slow.completion.finish_reason
        assert fast.completion.usage == slow.completion.usage
    else:
        assert fast.completion is slow.completion is None


@pytest.mark.parametrize(("wire", "name"), MODELS)
async def test_both_paths_send_the_same_request(
    provider_server: ProviderServer, settings: Settings, wire: str, name: str
) -> None:
    provider_server.add(name, say("서울"))
    await ask_both_paths(provider_server, settings, make_model(provider_server, name, wire))
    fast, slow = provider_server.requests_for(name)[-2:]
    assert _comparable(fast.body) == _comparable(slow.body)
    assert fast.path == slow.path
    keys = ("Authorization", "X-Api-Key", "X-Goog-Api-Key", "Anthropic-Version")
    for key in keys:
        assert _header(fast.headers, key) == _header(slow.headers, key)


@pytest.mark.parametrize(("wire", "name"), MODELS)
async def test_both_paths_send_every_sampling_parameter_that_the_model_supports(
    provider_server: ProviderServer, settings: Settings, wire: str, name: str
) -> None:
    provider_server.add(name, say("서울"))
    extra = {"repeat_penalty": 1.1} if wire == "openai" else {}
    model = replace(make_model(provider_server, name, wire), extra=extra)
    supported = find_sampling_support(model).names
    document = {key: value for key, value in REQUESTED.to_json().items() if key in supported}
    await ask_both_paths(provider_server, settings, model, Sampling.from_json(document))
    fast, slow = provider_server.requests_for(name)[-2:]
    assert _comparable(fast.body) == _comparable(slow.body)
    sent = fast.body | fast.body.get("generationConfig", {})
    names = PROVIDER_NAMES.get(wire, {})
    requested = {names.get(key, key): value for key, value in document.items()}
    requested |= extra
    for key in ("max_tokens", "temperature"):
        # The call's own limit and temperature, which `choose_settings` derives from the sampling.
        requested.pop(key, None)
    assert {key: sent.get(key) for key in requested} == requested


def _comparable(body: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if value is not None}


def _header(headers: Any, name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name.lower()), "")
