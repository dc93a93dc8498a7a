from pathlib import Path

import pytest
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from aggregator.models import Listing
from aggregator.services.listings import list_offered_models, sync_listings
from aggregator.web.model_picker import build_picker
from config import data_dir
from config.env import SettingError
from testing.factories import ListingFactory
from testing.provider.server import ProviderServer, say

pytestmark = pytest.mark.django_db
LOCAL = {"qwen2.5-0.5b": "http://127.0.0.1:9001", "smollm2-135m": "http://127.0.0.1:9002/v1"}


@pytest.fixture(autouse=True)
def nothing_at_hand(settings: Settings) -> None:
    settings.READ_LOCAL_MODELS = lambda: LOCAL
    settings.READ_PROVIDER_SECRET = lambda _name: ""
    settings.OPENAI_COMPATIBLE_URL = ""


def test_local_models_are_offered_where_they_are_served() -> None:
    sync_listings()
    offered = {model.slug: model for model in list_offered_models()}
    assert set(offered) == set(LOCAL)
    assert offered["qwen2.5-0.5b"].api_base == "http://127.0.0.1:9001/v1"
    assert offered["smollm2-135m"].api_base == "http://127.0.0.1:9002/v1"
    assert offered["smollm2-135m"].system_prompt


def test_the_best_come_first_in_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    sync_listings()
    with django_assert_num_queries(1):
        slugs = [model.slug for model in list_offered_models()]
    assert slugs == ["qwen2.5-0.5b", "smollm2-135m"]


def test_a_key_brings_its_models_and_is_stored_nowhere(settings: Settings) -> None:
    settings.READ_PROVIDER_SECRET = {"OPENAI_API_KEY": "sk-ada"}.get
    sync_listings()
    assert {model.vendor for model in list_offered_models()} == {"OpenAI", "Alibaba", "Hugging Face"}
    assert "sk-ada" not in str(list(Listing.objects.values()))
    settings.READ_PROVIDER_SECRET = lambda _name: ""
    sync_listings()
    assert {model.vendor for model in list_offered_models()} == {"Alibaba", "Hugging Face"}


def test_what_an_admin_sets_survives_a_sync() -> None:
    sync_listings()
    Listing.objects.filter(slug="smollm2-135m").update(is_on=False)
    Listing.objects.filter(slug="qwen2.5-0.5b").update(
        output_price_micros=0, concurrency=1, output_limit=99, standing=0.9, can_fuse=True, languages=["ko"]
    )
    sync_listings()
    (qwen,) = list_offered_models()
    assert (qwen.slug, qwen.output_price_micros, qwen.concurrency) == ("qwen2.5-0.5b", 0, 1)
    assert (qwen.output_limit, qwen.standing, qwen.can_fuse, qwen.languages) == (99, 0.9, True, ("ko",))


def test_what_an_admin_left_alone_follows_the_catalog() -> None:
    sync_listings()
    row = Listing.objects.get(slug="qwen2.5-0.5b")
    price = row.output_price_micros
    row.output_price_micros = 1
    row.as_cataloged = {**row.as_cataloged, "output_price_micros": 1}
    row.save()
    sync_listings()
    assert Listing.objects.get(slug="qwen2.5-0.5b").output_price_micros == price


def test_a_server_of_ones_own_lists_its_models(settings: Settings) -> None:
    with ProviderServer() as server:
        server.add("Qwen/Qwen3-8B", say("hi"))
        server.add("gemma4:12b", say("hi"))
        settings.OPENAI_COMPATIBLE_URL = server.url
        sync_listings()
    own = [model for model in list_offered_models() if model.provider == "openai_compatible"]
    assert {model.slug for model in own} == {"own-qwen-qwen3-8b", "own-gemma4-12b"}
    assert {model.litellm_model for model in own} == {"openai/Qwen/Qwen3-8B", "openai/gemma4:12b"}
    assert {model.api_base for model in own} == {f"{server.url}/v1"}
    assert {model.api_key_name for model in own} == {"OPENAI_COMPATIBLE_KEY"}


def test_a_server_may_say_what_its_models_are_called_and_how_good_they_are(settings: Settings) -> None:
    with ProviderServer() as server:
        server.listed = [
            {"id": "replay:gpt-4o", "name": "gpt-4o", "meta": {"standing": 0.7}},
            {"id": "odd", "name": 7, "meta": {"standing": 9}},
        ]
        settings.OPENAI_COMPATIBLE_URL = server.url
        sync_listings()
    known, odd = sorted(
        (model for model in list_offered_models() if model.provider == "openai_compatible"),
        key=lambda model: -model.standing,
    )
    assert (known.name, known.vendor, known.standing) == ("gpt-4o", "OpenAI", 0.7)
    assert (odd.name, odd.standing) == ("odd", 0.5)


def test_a_server_of_ones_own_that_is_gone_is_offered_no_longer(settings: Settings) -> None:
    with ProviderServer() as server:
        server.add("gemma4:12b", say("hi"))
        settings.OPENAI_COMPATIBLE_URL = server.url
        sync_listings()
    sync_listings()
    assert not [model for model in list_offered_models() if model.provider == "openai_compatible"]
    assert Listing.objects.filter(slug="own-gemma4-12b").exists()


def test_the_stack_file_and_the_environment_tell_where_local_models_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_dir, "DATA_DIR", tmp_path)
    assert data_dir.read_local_model_urls() == {}
    data_dir.run_state_path(tmp_path).parent.mkdir()
    data_dir.run_state_path(tmp_path).write_text('{"models": {"a": "http://127.0.0.1:1"}}')
    assert data_dir.read_local_model_urls() == {"a": "http://127.0.0.1:1"}
    monkeypatch.setenv("LOCAL_MODEL_URLS", "b=http://127.0.0.1:2, c=http://127.0.0.1:3")
    assert data_dir.read_local_model_urls() == {"b": "http://127.0.0.1:2", "c": "http://127.0.0.1:3"}
    monkeypatch.setenv("LOCAL_MODEL_URLS", "b=nowhere")
    with pytest.raises(SettingError, match="LOCAL_MODEL_URLS"):
        data_dir.read_local_model_urls()


@pytest.mark.parametrize(
    ("can_fuse", "verdict", "expected"),
    [(True, None, True), (False, None, False), (True, False, False), (False, True, True)],
)
def test_what_was_measured_says_whether_a_model_may_fuse(
    can_fuse: bool, verdict: bool | None, expected: bool
) -> None:
    ListingFactory.create(slug="wise", can_fuse=can_fuse, fusion_verdict=verdict)
    assert [model.can_fuse for model in list_offered_models()] == [expected]


@pytest.mark.parametrize(
    ("slug", "can_fuse", "unproven"),
    [("qwen2.5-1.5b", False, True), ("qwen2.5-1.5b", True, False), ("wise", False, False)],
)
def test_the_picker_says_that_nothing_is_known_of_fused_answers(
    slug: str, can_fuse: bool, unproven: bool
) -> None:
    ListingFactory.create(slug="smollm2-135m", can_fuse=False)
    ListingFactory.create(slug=slug, can_fuse=can_fuse)
    assert build_picker().is_fusion_unproven is unproven
