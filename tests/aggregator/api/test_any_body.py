"""Whatever a body holds, the answer is 200 and all of it was honoured, or a 4xx that names the field."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from testing.provider.server import ProviderServer, say
from tests.aggregator.conftest import MakeModel

pytestmark = [
    pytest.mark.django_db(transaction=True),
    # The site runs in a thread of this process, and may use `random` while hypothesis draws a body.
    pytest.mark.filterwarnings(
        "ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning"
    ),
]

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
VALID: dict[str, st.SearchStrategy[Any]] = {
    "max_tokens": st.integers(1, 400),
    "temperature": st.floats(0, 2) | st.integers(0, 2),
    "top_p": st.floats(0, 1),
    "top_k": st.integers(1, 100),
    "seed": st.integers(-(2**63), 2**63 - 1),
    "stop": st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1), max_size=4),
    "frequency_penalty": st.floats(-2, 2),
    "presence_penalty": st.floats(-2, 2),
}
FIELDS = [
    *VALID,
    "max_completion_tokens", "model", "messages", "stream", "stream_options", "panel", "strategy", "n",
    "tools", "tool_choice", "response_format", "logit_bias", "user", "metadata", "reasoning_effort", "system",
    "stop_sequences", "thinking",
]  # fmt: skip
CHANGES = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=9), JSON, max_size=3)
ASK = [{"role": "user", "content": "한국의 수도는?"}]
RELAXED = hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def ask_wise(
    curl: httpx.Client, provider: ProviderServer, offer_model: MakeModel, settings: Settings
) -> httpx.Client:
    """A client that may ask often, and one model that answers shortly."""
    settings.API_CALLS_PER_MINUTE = settings.ACCOUNT_TURNS_PER_DAY = 100_000
    provider.add("wise", say("서울"))
    offer_model("wise", output_limit=512)
    return curl


@RELAXED
@given(CHANGES)
def test_a_body_is_honoured_or_refused_by_the_name_of_a_field(
    ask_wise: httpx.Client, provider: ProviderServer, change: dict[str, Any]
) -> None:
    answered = post(ask_wise, "/chat/completions", {"model": "wise", "messages": ASK} | change)
    if answered.status_code == 200:
        assert_sent(provider, change)
        return
    assert 400 <= answered.status_code < 500, answered.text
    error = answered.json()["error"]
    assert error["param"] is not None
    assert error["code"]
    assert error["message"]


@RELAXED
@given(CHANGES)
def test_so_it_is_in_anthropics_form(ask_wise: httpx.Client, change: dict[str, Any]) -> None:
    body = {"model": "wise", "max_tokens": 9, "messages": ASK} | change
    answered = post(ask_wise, "/messages", body)
    assert answered.status_code == 200 or 400 <= answered.status_code < 500, answered.text
    if answered.status_code != 200:
        assert answered.json()["error"]["type"] in {"invalid_request_error", "not_found_error"}
        assert ": " in answered.json()["error"]["message"]


@RELAXED
@given(st.fixed_dictionaries({}, optional=VALID))
def test_every_valid_parameter_is_sent_as_it_is(
    ask_wise: httpx.Client, provider: ProviderServer, requested: dict[str, Any]
) -> None:
    answered = post(ask_wise, "/chat/completions", {"model": "wise", "messages": ASK} | requested)
    assert answered.status_code == 200, answered.text
    assert_sent(provider, requested)


def post(client: httpx.Client, path: str, body: dict[str, Any]) -> httpx.Response:
    """Send a body as it is, whatever it holds."""
    return client.post(path, content=json.dumps(body).encode())


def assert_sent(provider: ProviderServer, requested: dict[str, Any]) -> None:
    """Check that the last request to the model holds each sampling parameter that was requested for."""
    sent = provider.requests_for("wise")[-1].body
    for name in VALID.keys() & requested.keys():
        value = requested[name]
        if value is None or value == []:
            assert name not in sent or name in {"max_tokens", "temperature"}
        elif name == "max_tokens":
            assert sent[name] == min(value, 512)
        else:
            assert sent[name] == ([value] if name == "stop" and isinstance(value, str) else value)
