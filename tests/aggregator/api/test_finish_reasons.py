"""Why an answer ended: one that was cut, whatever cut it, is never sent as whole."""

from typing import Any

import httpx
import pytest
from openai import OpenAI
from pytest_django import Settings

from testing.provider.server import ProviderServer, count_up, say
from tests.aggregator.conftest import MakeModel

pytestmark = pytest.mark.django_db(transaction=True)

ASK: Any = [{"role": "user", "content": "한국의 수도는?"}]
LOOP = "서울은 대한민국의 수도이고 큰 도시예요. " * 60


def read_reasons(curl: httpx.Client, **fields: Any) -> list[str]:
    """Return the finish reasons of both forms, each whole and streamed."""
    body = {"model": "wise", "messages": ASK} | fields
    limited = {"max_tokens": 400} | body
    openai = curl.post("/chat/completions", json=body).json()["choices"][0]["finish_reason"]
    anthropic = curl.post("/messages", json=limited).json()["stop_reason"]
    chunks = curl.post("/chat/completions", json=body | {"stream": True}).text
    events = curl.post("/messages", json=limited | {"stream": True}).text
    streamed = [reason for reason in ("length", "stop") if f'"finish_reason":"{reason}"' in chunks]
    streamed += [reason for reason in ("max_tokens", "end_turn") if f'"stop_reason":"{reason}"' in events]
    return [openai, anthropic, *streamed]


CUT = ["length", "max_tokens", "length", "max_tokens"]


def test_an_answer_that_repeats_itself_was_cut(
    curl: httpx.Client, provider: ProviderServer, offer_model: MakeModel
) -> None:
    provider.add("wise", say(LOOP))
    offer_model("wise")
    assert read_reasons(curl) == CUT


def test_an_answer_at_the_models_limit_was_cut(
    curl: httpx.Client, provider: ProviderServer, offer_model: MakeModel
) -> None:
    provider.add("wise", say("서울이에요", finish="length"))
    offer_model("wise")
    assert read_reasons(curl) == CUT


def test_an_answer_at_the_deadline_was_cut(
    curl: httpx.Client, provider: ProviderServer, offer_model: MakeModel, settings: Settings
) -> None:
    settings.TURN_DEADLINE_MS = 1_500
    provider.add("wise", say("하나 둘 셋 넷 다섯 여섯 일곱", delay_s=1.0))
    offer_model("wise")
    body = {"model": "wise", "messages": ASK}
    answered = curl.post("/chat/completions", json=body).json()
    assert answered["choices"][0]["finish_reason"] == "length"


def test_a_whole_answer_has_stopped(
    curl: httpx.Client, provider: ProviderServer, offer_model: MakeModel
) -> None:
    provider.add("wise", say("서울이에요."))
    offer_model("wise")
    assert read_reasons(curl) == ["stop", "end_turn", "stop", "end_turn"]


def test_a_server_that_ignores_the_limit_is_cut_off(
    curl: httpx.Client, provider: ProviderServer, offer_model: MakeModel
) -> None:
    provider.add("wise", say(" ".join(f"낱말{number}" for number in range(500))))
    offer_model("wise")
    body = {"model": "wise", "messages": ASK, "max_tokens": 5}
    choice = curl.post("/chat/completions", json=body).json()["choices"][0]
    assert choice["finish_reason"] == "length"
    assert len(choice["message"]["content"]) <= 5 * 16


def test_a_limit_that_reasoning_spends_is_an_empty_answer_and_no_failure(
    curl: httpx.Client, provider: ProviderServer, offer_model: MakeModel
) -> None:
    provider.add("wise", say("", thoughts=("음, 수도라면",), finish="length"))
    offer_model("wise")
    assert read_reasons(curl, max_tokens=5) == CUT
    body = {"model": "wise", "messages": ASK, "max_tokens": 5}
    assert curl.post("/chat/completions", json=body).json()["choices"][0]["message"]["content"] == ""
    ensemble = curl.post("/chat/completions", json=body | {"model": "jjamppong"})
    assert ensemble.json()["choices"][0]["finish_reason"] == "length"
    # Without a limit of the caller's it stays an error: nothing explains the empty answer.
    assert curl.post("/chat/completions", json={"model": "wise", "messages": ASK}).status_code == 502


def test_a_fused_answer_at_the_limit_was_cut(
    ada_client: OpenAI, provider: ProviderServer, offer_model: MakeModel
) -> None:
    provider.add("wise", say(count_up("서울은 대한민국의 수도예요.", 4)))
    provider.add("quick", say("서울"))
    offer_model("wise", can_fuse=True)
    offer_model("quick")
    for limit, reason in ((3, "length"), (400, "stop")):
        whole = ada_client.chat.completions.create(model="jjamppong", messages=ASK, max_tokens=limit)
        assert (whole.model_extra or {})["jjamppong"]["answer"] == "fused"
        assert whole.choices[0].finish_reason == reason
