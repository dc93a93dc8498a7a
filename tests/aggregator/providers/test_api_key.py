"""The key of a call is read anew each time, and a model's `repr` does not show the one that it carries."""

from dataclasses import replace

import pytest
from pytest_django.fixtures import Settings

from aggregator.catalog.catalog import LanguageModel
from aggregator.providers.api_key import PLACEHOLDER_KEY, read_api_key


@pytest.fixture
def model() -> LanguageModel:
    """A model with a key in the environment."""
    return LanguageModel(
        slug="wise",
        name="슬기",
        vendor="Test",
        provider="openai",
        litellm_model="openai/wise",
        context_window=8_000,
        output_limit=500,
        input_price_micros=3,
        output_price_micros=7,
        languages=("ko", "en"),
        standing=0.5,
        api_key_name="TEST_PROVIDER_KEY",
    )


def test_a_changed_key_takes_effect_at_the_next_call(settings: Settings, model: LanguageModel) -> None:
    keys = {"TEST_PROVIDER_KEY": "sk-old"}
    settings.READ_PROVIDER_SECRET = lambda name: keys.get(name, "")
    assert read_api_key(model) == "sk-old"
    keys["TEST_PROVIDER_KEY"] = "sk-new"
    assert read_api_key(model) == "sk-new"


def test_a_server_that_needs_no_key_gets_a_placeholder(settings: Settings, model: LanguageModel) -> None:
    settings.READ_PROVIDER_SECRET = lambda _name: ""
    assert read_api_key(model) == read_api_key(replace(model, api_key_name="")) == PLACEHOLDER_KEY


def test_a_model_does_not_show_the_key_that_it_carries(model: LanguageModel) -> None:
    assert "gAAAA-sealed" not in repr(replace(model, sealed_key="gAAAA-sealed"))
