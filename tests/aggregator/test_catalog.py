import subprocess
import sys

from aggregator.catalog.catalog import look_up_price, read_catalog
from stack.servers.local_models import MODEL_SETS


def test_every_model_of_the_catalog_makes_sense() -> None:
    for model in read_catalog().values():
        assert 0 < model.output_limit < model.context_window
        assert 0 <= model.standing <= 1
        assert model.input_price_micros <= model.output_price_micros
        assert set(model.languages) <= {"ko", "en", "ja", "zh", "other"}
        assert model.concurrency > 0
        assert bool(model.api_key_name) != (model.provider == "local")


def test_prices_that_litellm_knows_are_the_catalogs() -> None:
    known = {
        model.slug: ((model.input_price_micros, model.output_price_micros), price)
        for model in read_catalog().values()
        if (price := look_up_price(model.litellm_model))
    }
    assert len(known) >= 9
    assert {slug: pair for slug, pair in known.items() if pair[0] != pair[1]} == {}


def test_an_unknown_price_is_not_a_price_of_nothing() -> None:
    assert look_up_price("openai/no-such-model") is None
    assert look_up_price("gemini/gemma-4-31b-it") == (0, 0)


def test_local_models_know_what_they_are_good_for() -> None:
    local = {slug: model for slug, model in read_catalog().items() if model.provider == "local"}
    assert sorted(local) == sorted(weights.slug for weights in MODEL_SETS["all"])
    assert local["smollm2-135m"].languages == ("en",)
    assert not any(model.can_fuse for model in local.values())
    assert all(model.output_price_micros > 0 for model in local.values())


def test_nothing_of_this_imports_litellm() -> None:
    code = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'; import django; "
        "django.setup(); import aggregator.providers, aggregator.services.listings; "
        "from aggregator.catalog.catalog import read_catalog, look_up_price; "
        "read_catalog(); look_up_price('gpt-5'); "
        "sys.exit('litellm' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603
