"""The errors of the public API and their form."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.db import ProgrammingError, connection
from django.test import AsyncClient
from openai import AuthenticationError, NotFoundError, OpenAI, RateLimitError
from pytest_django import Settings

from accounts.models import User
from aggregator.execution import runner
from aggregator.models import ApiKey, Turn
from aggregator.services import api_keys
from testing.provider.server import ProviderServer, say
from testing.site.live_site import LiveSite
from tests.aggregator.conftest import MakeModel

pytestmark = pytest.mark.django_db(transaction=True)

ASK = [{"role": "user", "content": "한국의 수도는?"}]
PICTURE = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]
ODD = [{"type": ["text"], "text": "x"}]


def test_an_invalid_body_is_a_400_that_names_the_field(curl: httpx.Client, offer_model: MakeModel) -> None:
    offer_model("wise")
    good: dict[str, Any] = {"model": "wise", "messages": ASK}
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"model": None}, 400, "model"),
        ({"model": 7}, 400, "model"),
        ({"model": "no-such"}, 404, "model"),
        ({"messages": None}, 400, "messages"),
        ({"messages": []}, 400, "messages"),
        ({"messages": "hello"}, 400, "messages"),
        ({"messages": ["hello"]}, 400, "messages[0]"),
        ({"messages": [{"role": "cook", "content": "x"}]}, 400, "messages[0].role"),
        ({"messages": [{"role": "user", "content": None}]}, 400, "messages[0].content"),
        ({"messages": [{"role": "user", "content": PICTURE}]}, 400, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": ODD}]}, 400, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": "  "}]}, 400, "messages"),
        ({"messages": [{"role": "user", "content": "x" * 20_001}]}, 400, "messages"),
        ({"messages": [*ASK, {"role": "assistant", "content": "서울"}]}, 400, "messages"),
        ({"n": 2}, 400, "n"),
        ({"tools": [{"type": "function"}]}, 400, "tools"),
        ({"response_format": {"type": "json_object"}}, 400, "response_format"),
        ({"stream": "yes"}, 400, "stream"),
        ({"stream_options": 1}, 400, "stream_options"),
        ({"panel": ["wise"]}, 400, "panel"),
        ({"model": "jjamppong", "panel": "wise"}, 400, "panel"),
        ({"model": "jjamppong", "panel": ["no-such"]}, 404, "panel"),
        ({"model": "jjamppong", "strategy": "loudest"}, 400, "strategy"),
    ]
    for change, status, param in cases:
        answered = curl.post("/chat/completions", json=good | change)
        error = answered.json()["error"]
        assert (change, answered.status_code, error["param"]) == (change, status, param)
        assert error["message"]
        assert error["code"]
        assert error["type"] == "invalid_request_error"
    assert Turn.objects.count() == 0


def test_invalid_json_is_refused(curl: httpx.Client) -> None:
    for rubbish in (b"", b"{", b"[1]", b'"x"', b"\xff\xfe"):
        answered = curl.post("/chat/completions", content=rubbish)
        assert (answered.status_code, answered.json()["error"]["code"]) == (400, "invalid_json")
    huge = curl.post("/chat/completions", content=b'{"messages": "' + b"x" * 2_100_000 + b'"}')
    assert (huge.status_code, huge.json()["error"]["code"]) == (413, "request_too_large")
    assert curl.get("/chat/completions").status_code == 405


def test_without_a_valid_key_the_status_is_401(live_site: LiveSite, ada: User) -> None:
    revoked = api_keys.issue_api_key(owner=ada, name="옛 열쇠")
    api_keys.revoke_api_key(key=ApiKey.objects.get())
    for key in ("jjp-guess", revoked, "한글"):
        answered = httpx.get(
            f"{live_site.url}/v1/models", headers={b"Authorization": f"Bearer {key}".encode()}
        )
        assert (answered.status_code, answered.json()["error"]["code"]) == (401, "invalid_api_key")
    assert httpx.get(f"{live_site.url}/v1/models").status_code == 401
    with (
        OpenAI(base_url=f"{live_site.url}/v1", api_key=revoked, max_retries=0) as client,
        pytest.raises(AuthenticationError),
    ):
        client.models.list()


def test_a_key_of_a_deactivated_account_is_invalid(curl: httpx.Client, ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False)

    assert curl.get("/models").status_code == 401


def test_an_unknown_model_is_not_found(ada_client: OpenAI) -> None:
    with pytest.raises(NotFoundError) as failure:
        ada_client.chat.completions.create(model="gpt-none", messages=[{"role": "user", "content": "hi"}])
    assert failure.value.code == "model_not_found"
    with pytest.raises(NotFoundError):
        ada_client.models.retrieve("gpt-none")


def test_without_models_the_ensemble_is_unavailable(curl: httpx.Client) -> None:
    answered = curl.post("/chat/completions", json={"model": "jjamppong", "messages": ASK, "stream": True})

    assert (answered.status_code, answered.json()["error"]["code"]) == (503, "no_models")


def test_a_rate_limited_call_gets_the_time_to_wait(curl: httpx.Client, settings: Settings) -> None:
    settings.API_CALLS_PER_MINUTE = 2
    answers = [curl.get("/models") for _ in range(6)]

    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert 1 <= int(refused[-1].headers["Retry-After"]) <= 60
    assert refused[-1].json()["error"]["code"] == "rate_limit_exceeded"


def test_an_exhausted_quota_is_not_retried(
    ada_client: OpenAI, provider: ProviderServer, offer_model: MakeModel, settings: Settings
) -> None:
    settings.ACCOUNT_TURNS_PER_DAY = 1
    provider.add("wise", say("서울"))
    offer_model("wise")
    ada_client.chat.completions.create(model="wise", messages=[{"role": "user", "content": "수도는?"}])

    with pytest.raises(RateLimitError) as failure:
        ada_client.chat.completions.create(model="wise", messages=[{"role": "user", "content": "수도는?"}])

    assert failure.value.code == "insufficient_quota"
    assert failure.value.response.headers["X-Should-Retry"] == "false"


def test_an_overloaded_site_gives_the_time_to_wait(
    curl: httpx.Client, offer_model: MakeModel, settings: Settings
) -> None:
    offer_model("wise")
    cases = {"TURNS_OPEN_EACH": (429, "too_many_running"), "TURNS_OPEN": (503, "overloaded")}
    for limit, wanted in cases.items():
        usual = getattr(settings, limit)
        setattr(settings, limit, 0)
        answered = curl.post("/chat/completions", json={"model": "wise", "messages": ASK})
        setattr(settings, limit, usual)
        assert (answered.status_code, answered.json()["error"]["code"]) == wanted
        assert 1 <= int(answered.headers["Retry-After"]) <= 10
        # Room comes back in seconds, so the SDKs may try again.
        assert "X-Should-Retry" not in answered.headers


def test_the_use_of_a_key_is_recorded_once_a_minute(curl: httpx.Client) -> None:
    curl.get("/models")
    first = ApiKey.objects.get().last_used_at
    curl.get("/models")

    assert first is not None
    assert ApiKey.objects.get().last_used_at == first


@pytest.fixture
def no_database() -> Iterator[None]:
    """Rename a table that every call reads."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE aggregator_listing RENAME TO aggregator_listing_away")
    yield
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE aggregator_listing_away RENAME TO aggregator_listing")


@pytest.mark.usefixtures("no_database")
def test_a_server_error_has_the_form_of_each_api(curl: httpx.Client) -> None:
    openai = curl.post("/chat/completions", json={"model": "wise", "messages": ASK})
    assert openai.status_code == 500
    assert openai.json()["error"]["code"] == "server_failed"
    assert openai.json()["error"]["type"] == "server_error"
    anthropic = curl.post("/messages", json={"model": "wise", "max_tokens": 9, "messages": ASK})
    assert anthropic.status_code == 500
    assert anthropic.json()["error"]["type"] == "api_error"
    assert curl.get("/models").json()["error"]["message"]


@pytest.mark.usefixtures("no_database")
async def test_the_test_client_still_raises_the_exception(ada_key: str, async_client: AsyncClient) -> None:
    headers = {"authorization": f"Bearer {ada_key}"}
    with pytest.raises(ProgrammingError):
        await async_client.get("/v1/models", headers=headers)
    async_client.raise_request_exception = False
    answered = await async_client.get("/v1/models", headers=headers)
    await runner.close_loop_resources()
    assert (answered.status_code, answered.json()["error"]["code"]) == (500, "server_failed")
