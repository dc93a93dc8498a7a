"""The list of models in both forms, and addresses that do not exist."""

from collections.abc import Iterator

import httpx
import pytest
from anthropic import Anthropic, BadRequestError, NotFoundError

from testing.site.live_site import LiveSite
from tests.aggregator.conftest import MakeModel

pytestmark = pytest.mark.django_db(transaction=True)

VERSION = {"anthropic-version": "2023-06-01"}


@pytest.fixture
def anthropic_client(live_site: LiveSite, ada_key: str, offer_model: MakeModel) -> Iterator[Anthropic]:
    """The official client with Ada's key, and four models."""
    for place in range(4):
        offer_model(f"model-{place}", standing=0.9 - place / 10)
    with Anthropic(base_url=live_site.url, api_key=ada_key, max_retries=0, timeout=60) as client:
        yield client


ALL = ["jjamppong", "model-0", "model-1", "model-2", "model-3"]


def test_anthropics_client_pages_through_the_models(anthropic_client: Anthropic) -> None:
    first = anthropic_client.models.list(limit=2)
    assert ([model.id for model in first.data], first.has_more) == (ALL[:2], True)
    assert (first.first_id, first.last_id) == ("jjamppong", "model-0")
    assert [model.id for model in anthropic_client.models.list(limit=2)] == ALL
    assert [model.id for model in anthropic_client.models.list()] == ALL
    before = anthropic_client.models.list(limit=2, before_id="model-2")
    assert ([model.id for model in before.data], before.has_more) == (["model-0", "model-1"], True)
    assert [model.id for model in anthropic_client.models.list(before_id="model-2")] == ALL[:3]


def test_a_model_has_anthropics_fields(anthropic_client: Anthropic) -> None:
    model = anthropic_client.models.retrieve("model-1")
    assert (model.type, model.display_name, model.lifecycle) == ("model", "Model-1", "active")
    assert (model.max_input_tokens, model.max_tokens) == (4096, 512)
    assert anthropic_client.models.retrieve("jjamppong").display_name == "짬뽕"


def test_anthropics_client_gets_its_own_errors(anthropic_client: Anthropic) -> None:
    with pytest.raises(NotFoundError) as missing:
        anthropic_client.models.retrieve("gpt-none")
    assert isinstance(missing.value.body, dict)
    assert missing.value.body["error"]["type"] == "not_found_error"
    for query in ({"limit": 0}, {"limit": 1001}, {"after_id": "gpt-none"}):
        with pytest.raises(BadRequestError):
            anthropic_client.models.list(**query)


def test_without_the_header_the_list_has_openais_form(curl: httpx.Client, offer_model: MakeModel) -> None:
    offer_model("wise")
    listed = curl.get("/models").json()
    assert (listed["object"], [model["id"] for model in listed["data"]]) == ("list", ["jjamppong", "wise"])
    assert curl.get("/models/wise").json()["object"] == "model"


def test_head_answers_like_get_without_a_body(curl: httpx.Client, offer_model: MakeModel) -> None:
    offer_model("wise")
    for address, status in (("/models", 200), ("/models/wise", 200), ("/nothing", 404), ("/messages", 405)):
        answered = curl.head(address)
        assert (address, answered.status_code, answered.content) == (address, status, b"")
        assert answered.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_an_unknown_address_answers_json_in_the_form_of_the_header(live_site: LiveSite, method: str) -> None:
    for address in ("", "responses", "completions", "models/", "chat/completions/", "a/b?c=%00", "%EB%8B%B5"):
        url = f"{live_site.url}/v1/{address}"
        openai = httpx.request(method, url)
        assert (address, openai.status_code) == (address, 404)
        assert openai.json()["error"]["code"] == "unknown_url"
        anthropic = httpx.request(method, url, headers=VERSION).json()
        assert (anthropic["type"], anthropic["error"]["type"]) == ("error", "not_found_error")


def test_the_address_without_its_slash_leads_there(live_site: LiveSite) -> None:
    answered = httpx.get(f"{live_site.url}/v1", follow_redirects=True)
    assert (answered.status_code, answered.json()["error"]["code"]) == (404, "unknown_url")
