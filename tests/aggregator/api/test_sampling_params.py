"""A program's sampling parameters reach the model it names, and what cannot be honoured is refused."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from anthropic import Anthropic
from anthropic import BadRequestError as AnthropicBadRequest
from openai import BadRequestError, OpenAI

from aggregator.models import Turn
from testing.provider.server import ProviderServer, count_up, say
from testing.site.live_site import LiveSite
from tests.aggregator.conftest import MakeModel

pytestmark = pytest.mark.django_db(transaction=True)

ASK: Any = [{"role": "user", "content": "한국의 수도는?"}]
PART = {"type": "text", "text": "한국의 수도는?"}
FIRST_PART = "messages[0].content[0].size"
ALL: dict[str, Any] = {
    "max_tokens": 5,
    "temperature": 0.2,
    "top_p": 0.5,
    "top_k": 3,
    "seed": -7,
    "stop": ["끝", "\n"],
    "frequency_penalty": -2,
    "presence_penalty": 2,
}


@pytest.fixture
def anthropic_client(live_site: LiveSite, ada_key: str) -> Iterator[Anthropic]:
    """The official client with Ada's key."""
    with Anthropic(base_url=live_site.url, api_key=ada_key, max_retries=0, timeout=60) as client:
        yield client


@pytest.mark.usefixtures("panel")
@pytest.mark.parametrize("is_streamed", [False, True])
def test_every_parameter_reaches_a_named_model(
    curl: httpx.Client, provider: ProviderServer, is_streamed: bool
) -> None:
    body = {"model": "wise", "messages": ASK, "stream": is_streamed} | ALL
    assert curl.post("/chat/completions", json=body).status_code == 200
    sent = provider.requests_for("wise")[0].body
    assert {name: sent[name] for name in ALL} == ALL


@pytest.mark.usefixtures("panel")
def test_one_stop_text_and_the_newer_name_of_the_limit_are_read(
    curl: httpx.Client, provider: ProviderServer
) -> None:
    body = {"model": "wise", "messages": ASK, "stop": "끝", "max_completion_tokens": 9, "max_tokens": 9}
    assert curl.post("/chat/completions", json=body).status_code == 200
    sent = provider.requests_for("wise")[0].body
    assert (sent["stop"], sent["max_tokens"]) == (["끝"], 9)


@pytest.mark.usefixtures("panel")
def test_a_limit_above_the_models_own_is_the_models_own(curl: httpx.Client, provider: ProviderServer) -> None:
    body = {"model": "wise", "messages": ASK, "max_tokens": 10**12}
    assert curl.post("/chat/completions", json=body).status_code == 200
    assert provider.requests_for("wise")[0].body["max_tokens"] == 512


@pytest.mark.usefixtures("panel")
def test_anthropics_parameters_reach_a_named_model(
    anthropic_client: Anthropic, provider: ProviderServer
) -> None:
    anthropic_client.messages.create(
        model="wise",
        max_tokens=5,
        messages=ASK,
        stop_sequences=["끝"],
        metadata={"user_id": "ada"},
        thinking={"type": "disabled"},
        # The newest client has no name for them, older ones do.
        extra_body={"temperature": 0.5, "top_k": 3, "top_p": 0.25},
    )
    sent = provider.requests_for("wise")[0].body
    requested = {"max_tokens": 5, "temperature": 0.5, "top_k": 3, "top_p": 0.25, "stop": ["끝"]}
    assert {name: sent[name] for name in requested} == requested


@pytest.mark.usefixtures("panel")
def test_without_parameters_a_model_keeps_its_own_settings(
    ada_client: OpenAI, provider: ProviderServer
) -> None:
    ada_client.chat.completions.create(model="wise", messages=ASK)
    sent = provider.requests_for("wise")[0].body
    assert (sent["max_tokens"], sent["temperature"]) == (512, 0.7)
    assert not {"top_p", "top_k", "seed", "stop", "frequency_penalty", "presence_penalty"} & sent.keys()


def test_the_ensembles_limit_reaches_each_candidate_and_the_fuser(
    ada_client: OpenAI, provider: ProviderServer, offer_model: MakeModel
) -> None:
    provider.add("wise", say(count_up("서울은 대한민국의 수도예요.", 4)))
    provider.add("quick", say("서울"))
    offer_model("wise", can_fuse=True)
    offer_model("quick")
    completion = ada_client.chat.completions.create(
        model="jjamppong", messages=ASK, max_tokens=200, top_p=1, presence_penalty=0, stop=[]
    )
    assert (completion.model_extra or {})["jjamppong"]["answer"] == "fused"
    seen = [*provider.requests_for("wise"), *provider.requests_for("quick")]
    assert [request.body["max_tokens"] for request in seen] == [200, 200, 200]


REFUSED_OF_OPENAI: list[tuple[dict[str, Any], str, str]] = [
    ({"max_tokens": 0}, "max_tokens", "invalid_value"),
    ({"max_tokens": 5.5}, "max_tokens", "invalid_type"),
    ({"max_tokens": True}, "max_tokens", "invalid_type"),
    ({"max_tokens": 5, "max_completion_tokens": 6}, "max_tokens", "invalid_value"),
    ({"max_completion_tokens": -1}, "max_completion_tokens", "invalid_value"),
    ({"temperature": 2.1}, "temperature", "invalid_value"),
    ({"temperature": -0.1}, "temperature", "invalid_value"),
    ({"temperature": "0.5"}, "temperature", "invalid_type"),
    ({"temperature": 10**30}, "temperature", "invalid_value"),
    ({"seed": 10**30}, "seed", "invalid_type"),
    ({"stream": 0}, "stream", "invalid_type"),
    ({"stream_options": []}, "stream_options", "invalid_type"),
    ({"top_p": 1.01}, "top_p", "invalid_value"),
    ({"top_k": 0}, "top_k", "invalid_value"),
    ({"seed": 2**63}, "seed", "invalid_value"),
    ({"seed": 1.5}, "seed", "invalid_type"),
    ({"frequency_penalty": 2.5}, "frequency_penalty", "invalid_value"),
    ({"presence_penalty": -2.5}, "presence_penalty", "invalid_value"),
    ({"stop": ["a", "b", "c", "d", "e"]}, "stop", "invalid_value"),
    ({"stop": ["x" * 201]}, "stop", "invalid_value"),
    ({"stop": ""}, "stop", "invalid_value"),
    ({"stop": [7]}, "stop", "invalid_type"),
    ({"stop": 0}, "stop", "invalid_type"),
    ({"stop": ["a\x00b"]}, "stop", "invalid_value"),
    ({"logit_bias": {"5": 1}}, "logit_bias", "unsupported_parameter"),
    ({"reasoning_effort": "low"}, "reasoning_effort", "unsupported_parameter"),
    ({"tool_choice": "required"}, "tool_choice", "unsupported_parameter"),
    ({"something": "new"}, "something", "unknown_parameter"),
    ({"max_output_tokens": 5}, "max_output_tokens", "unknown_parameter"),
    ({"stop_sequences": ["a"]}, "stop_sequences", "unknown_parameter"),
    ({"stream_options": {"include_costs": True}}, "stream_options.include_costs", "unknown_parameter"),
    ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage", "invalid_type"),
    ({"messages": [ASK[0] | {"name": "ada"}]}, "messages[0].name", "unsupported_parameter"),
    ({"messages": [ASK[0] | {"mood": "good"}]}, "messages[0].mood", "unknown_parameter"),
    ({"messages": [{"role": "user", "content": [PART | {"size": 5}]}]}, FIRST_PART, "unknown_parameter"),
    ({"model": "jjamppong", "temperature": 0}, "temperature", "unsupported_parameter"),
    ({"model": "jjamppong", "temperature": 1}, "temperature", "unsupported_parameter"),
    ({"model": "jjamppong", "seed": 7}, "seed", "unsupported_parameter"),
    ({"model": "jjamppong", "stop": "끝"}, "stop", "unsupported_parameter"),
    ({"model": "jjamppong", "top_p": 0.5}, "top_p", "unsupported_parameter"),
    ({"model": "gpt-6.1-sol", "temperature": 0.5}, "temperature", "unsupported_parameter"),
    ({"model": "gpt-6.1-sol", "stop": "끝"}, "stop", "unsupported_parameter"),
    ({"model": "claude-opus-5-5", "top_k": 5}, "top_k", "unsupported_parameter"),
    ({"model": "claude-opus-5-5", "seed": 5}, "seed", "unsupported_parameter"),
    ({"model": "claude-opus-5-5", "stop": " \n"}, "stop", "invalid_value"),
    ({"model": "claude-opus-4-5", "temperature": 1.5}, "temperature", "invalid_value"),
    ({"model": "gemini-3.8-flash", "presence_penalty": 1}, "presence_penalty", "unsupported_parameter"),
    ({"model": "gemini-3.8-flash", "seed": 2**40}, "seed", "invalid_value"),
]


@pytest.fixture
def offer_vendors(offer_model: MakeModel) -> None:
    """A model of each vendor, by the names that litellm maps parameters by."""
    offer_model("wise")
    offer_model("gpt-6.1-sol")
    offer_model("claude-opus-5-5", wire="anthropic")
    offer_model("claude-opus-4-5", wire="anthropic")
    offer_model("gemini-3.8-flash", wire="gemini")


@pytest.mark.usefixtures("offer_vendors")
def test_what_cannot_be_honoured_is_a_400_that_names_the_field(curl: httpx.Client) -> None:
    for change, param, code in REFUSED_OF_OPENAI:
        body = {"model": "wise", "messages": ASK} | change
        answered = curl.post("/chat/completions", json=body, headers={"Accept-Language": "en"})
        error = answered.json()["error"]
        assert (change, answered.status_code, error["param"], error["code"]) == (change, 400, param, code)
        assert not re.search("[가-힣]", error["message"])
    assert Turn.objects.count() == 0


@pytest.mark.usefixtures("offer_vendors")
def test_openais_client_raises_its_own_error(ada_client: OpenAI) -> None:
    with pytest.raises(BadRequestError) as failure:
        ada_client.chat.completions.create(model="jjamppong", messages=ASK, seed=7)
    assert (failure.value.code, failure.value.param) == ("unsupported_parameter", "seed")


@pytest.mark.usefixtures("offer_vendors")
def test_a_value_that_changes_nothing_passes_where_it_cannot_be_set(curl: httpx.Client) -> None:
    neutral = {"temperature": 1, "top_p": 1, "frequency_penalty": 0, "presence_penalty": 0.0, "stop": None}
    for model in ("gpt-6.1-sol", "claude-opus-5-5"):
        answered = curl.post("/chat/completions", json={"model": model, "messages": ASK} | neutral)
        # Nobody serves these models here; what counts is that the call was made.
        assert answered.status_code == 502


@pytest.mark.usefixtures("offer_vendors")
@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"temperature": 1.5}, "temperature"),
        ({"stop_sequences": "끝"}, "stop_sequences"),
        ({"stop_sequences": [""]}, "stop_sequences"),
        ({"stop_sequences": list("abcdefghijklmnopq")}, "stop_sequences"),
        ({"stop": ["끝"]}, "stop"),
        ({"seed": 5}, "seed"),
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, "thinking"),
        ({"tools": [{"name": "x"}]}, "tools"),
        ({"model": "jjamppong", "stop_sequences": ["끝"]}, "stop_sequences"),
        ({"model": "claude-opus-5-5", "temperature": 0.5}, "temperature"),
        ({"model": "claude-opus-5-5", "stop_sequences": [" "]}, "stop_sequences"),
        ({"model": "gpt-6.1-sol", "stop_sequences": ["끝"]}, "stop_sequences"),
    ],
)
def test_anthropics_form_names_the_field(
    anthropic_client: Anthropic, change: dict[str, Any], param: str
) -> None:
    body: Any = {"model": "wise", "max_tokens": 9, "messages": ASK} | change
    with pytest.raises(AnthropicBadRequest) as failure:
        anthropic_client.post("/v1/messages", body=body, cast_to=object)
    error: Any = failure.value.body
    assert error["error"]["type"] == "invalid_request_error"
    assert error["error"]["message"].startswith(f"{param}: ")


@pytest.mark.usefixtures("offer_vendors")
def test_numbers_that_are_no_json_are_refused(curl: httpx.Client) -> None:
    for text in ("NaN", "Infinity", "-Infinity", "1e999"):
        body = json.dumps({"model": "wise", "messages": ASK, "temperature": 12345}).replace("12345", text)
        assert curl.post("/chat/completions", content=body.encode()).status_code == 400
    lone = b'{"model": "wise", "messages": [{"role": "user", "content": "x"}], "stop": ["\\ud800"]}'
    assert curl.post("/chat/completions", content=lone).status_code == 400
