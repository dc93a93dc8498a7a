"""The public API when the day's funds do not cover the named models."""

from typing import Any

import httpx
import pytest
from openai import OpenAI, RateLimitError
from pytest_django import Settings

from testing.provider.server import ProviderServer, say
from tests.aggregator.conftest import MakeModel

pytestmark = pytest.mark.django_db(transaction=True)

ASK: list[Any] = [{"role": "user", "content": "한국의 수도는?"}]


@pytest.fixture(autouse=True)
def offer(provider: ProviderServer, offer_model: MakeModel, settings: Settings) -> None:
    """No funds are left; one model is free, one cheap and one expensive."""
    settings.DAILY_SUBSIDY_WON = 0
    for slug, price in (("home", 0), ("small", 400), ("opus", 28_000)):
        provider.add(slug, say("서울이에요."))
        offer_model(slug, input_price_micros=price, output_price_micros=price)


@pytest.mark.parametrize("stream", [False, True])
def test_an_unaffordable_model_is_refused(ada_client: OpenAI, provider: ProviderServer, stream: bool) -> None:
    with pytest.raises(RateLimitError) as failure:
        ada_client.chat.completions.create(model="opus", messages=ASK, stream=stream)

    assert failure.value.code == "model_too_dear"
    assert failure.value.response.headers["X-Should-Retry"] == "false"
    assert "사용 한도" in failure.value.message
    assert provider.requests_for("opus") == provider.requests_for("home") == []


def test_a_panel_is_cut_to_the_affordable_models(curl: httpx.Client, provider: ProviderServer) -> None:
    body = {"model": "jjamppong", "messages": ASK, "panel": ["opus", "home"]}
    details = curl.post("/chat/completions", json=body).json()["jjamppong"]

    assert [member["model"] for member in details["panel"]] == ["home"]
    assert details["reasons"] == ["asked_panel", "panel_cut"]
    assert provider.requests_for("opus") == []


def test_an_unaffordable_panel_is_refused_in_the_caller_s_language(curl: httpx.Client) -> None:
    body = {"model": "jjamppong", "max_tokens": 9, "messages": ASK, "panel": ["opus", "small"]}
    answered = curl.post("/messages", json=body, headers={"Accept-Language": "en"})

    assert (answered.status_code, answered.json()["error"]["type"]) == (429, "rate_limit_error")
    assert "today's limit" in answered.json()["error"]["message"]
