"""The table of supported sampling parameters promises nothing that litellm refuses or drops."""

from dataclasses import replace
from typing import Any

import pytest

from aggregator.catalog.catalog import LanguageModel, read_catalog
from aggregator.catalog.sampling_support import ALL_NAMES, find_sampling_support
from aggregator.domain.sampling import Sampling
from aggregator.providers.gateway import load_litellm
from tests.aggregator.providers.completion_requests import make_named_model

REQUESTED = Sampling(
    max_tokens=5,
    temperature=0.25,
    top_p=0.5,
    top_k=3,
    seed=7,
    stop=("끝",),
    frequency_penalty=0.5,
    presence_penalty=-0.5,
)
BASE = "http://127.0.0.1:1/v1"
CATALOG = [
    replace(model, api_base=BASE) if model.provider == "local" else model for model in read_catalog().values()
]
# Names that an admin may add.
OTHERS = [
    "openai/gpt-4o",
    "openai/gpt-4.1-mini",
    "openai/gpt-5",
    "openai/gpt-5-chat-latest",
    "openai/gpt-5.4",
    "openai/o3",
    "openai/o4-mini",
    "anthropic/claude-haiku-4-5",
    "anthropic/claude-haiku-4-5-20251001",
    "anthropic/claude-opus-4-6",
    "anthropic/claude-opus-4-7-20260416",
    "anthropic/claude-opus-4-8",
    "anthropic/claude-opus-5",
    "anthropic/claude-fable-5-1",
    "anthropic/claude-mythos-preview",
    "gemini/gemini-2.5-pro",
    "openrouter/openai/gpt-6-astra",
]
# Where litellm passes on what the provider itself refuses; GPT-5.4 allows more as long as it does not reason.
REFUSED_BY_PROVIDER = {
    "openai/gpt-": {"top_k"},
    "openai/gpt-5.4": {"temperature", "top_p", "stop"},
    "openai/o": {"top_k", "stop"},
    "anthropic/claude-": {"top_k"},
}


@pytest.mark.parametrize(
    "model", [*CATALOG, *map(make_named_model, OTHERS)], ids=lambda model: model.litellm_model
)
def test_the_table_agrees_with_litellm(model: LanguageModel) -> None:
    supported, name = find_sampling_support(model).names, model.litellm_model
    mapped = {parameter for parameter in ALL_NAMES if _is_mapped(name, parameter)}
    assert supported <= mapped, "the table promises what litellm refuses or drops"
    stricter = {
        parameter
        for prefix, parameters in REFUSED_BY_PROVIDER.items()
        if name.startswith(prefix)
        for parameter in parameters
    }
    assert mapped - supported <= stricter, "the table refuses what litellm sends"


def _is_mapped(name: str, parameter: str) -> bool:
    litellm = load_litellm()
    wire, _, model = name.partition("/")
    requested: dict[str, Any] = {parameter: REQUESTED.to_json()[parameter]}
    before, litellm.drop_params = litellm.drop_params, False
    try:
        options = litellm.utils.get_optional_params(
            model=model, custom_llm_provider=wire, drop_params=False, **requested
        )
    except litellm.UnsupportedParamsError:
        return False
    finally:
        litellm.drop_params = before
    return bool({key for key, value in options.items() if value not in (None, {}, False)} - {"stream"})


def test_a_server_of_ones_own_takes_every_parameter() -> None:
    model = make_named_model("openai/my-llama", api_base=BASE)
    assert find_sampling_support(model).names == ALL_NAMES
