"""The kinds of providers agree with the catalog and with the choices of an account."""

from aggregator.catalog.catalog import read_catalog
from aggregator.catalog.provider_kinds import PROVIDER_KINDS, join_litellm_model, read_model_id
from aggregator.models import ProviderAccount


def test_every_choice_of_an_account_is_a_kind() -> None:
    assert list(PROVIDER_KINDS) == ProviderAccount.Kind.values


def test_a_catalog_model_is_called_the_same_way_by_a_key_of_an_account() -> None:
    models = [model for model in read_catalog().values() if model.provider != "local"]
    assert {model.provider for model in models} == set(PROVIDER_KINDS) - {"openai_compatible"}
    for model in models:
        kind = PROVIDER_KINDS[model.provider]
        assert (kind.api_key_name, kind.api_base) == (model.api_key_name, model.api_base)
        assert join_litellm_model(kind, read_model_id(model.litellm_model)) == model.litellm_model
