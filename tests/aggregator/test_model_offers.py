"""The picker says only what was measured, and its presets ask only models that the budget pays for."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import User
from aggregator.catalog.catalog import read_catalog
from aggregator.domain.messages import TOPICS
from aggregator.execution.model_offers import ModelOffer, Preset, list_model_offers, list_presets
from aggregator.execution.setup import forget_snapshot
from aggregator.pipeline.types import Strategy
from aggregator.ratings import ratings
from aggregator.ratings.strengths import MIN_VOTES
from aggregator.selectors.model_speeds import forget_speeds
from testing.factories import UserFactory
from tests.aggregator.answers import store_answers, store_votes
from tests.aggregator.conftest import MakeModel

pytestmark = pytest.mark.django_db
DEAR = {"input_price_micros": 500_000, "output_price_micros": 2_000_000}


def offers() -> dict[str, ModelOffer]:
    forget_snapshot()
    return {each.slug: each for each in list_model_offers("ko")}


def presets() -> dict[str, Preset]:
    return {each.name: each for each in list_presets(list(offers().values()), "ko")}


def test_the_catalog_s_strengths_are_topics() -> None:
    assert {topic for model in read_catalog().values() for topic in model.strengths} <= set(TOPICS)
    assert read_catalog()["qwen2.5-1.5b"].strengths == ("code",)


def test_strengths_need_votes(offer_model: MakeModel) -> None:
    for slug in ("wise", "quick", "slow"):
        offer_model(slug)
    few, many = MIN_VOTES - 1, 60
    store_votes(UserFactory.create(), "quick", "slow", topic="math", votes=few)
    for _ in range(4):
        store_votes(UserFactory.create(), "wise", "slow", topic="code", votes=many // 4)
    ratings.refit_ratings()

    known = offers()
    assert known["wise"].voted_topics == ("code",)
    assert known["quick"].voted_topics == ()
    assert known["slow"].voted_topics == ()


def test_a_price_class_is_that_of_an_ordinary_answer(offer_model: MakeModel) -> None:
    offer_model("cheap", input_price_micros=100, output_price_micros=400)
    offer_model("fair", input_price_micros=2_800, output_price_micros=14_000)
    offer_model("dear", input_price_micros=14_000, output_price_micros=70_000)
    assert {slug: each.price_class for slug, each in offers().items()} == {
        "cheap": "low",
        "fair": "mid",
        "dear": "high",
    }


def test_a_model_that_the_day_cannot_pay_for_is_in_no_preset(
    offer_model: MakeModel, settings: Settings, ada: User
) -> None:
    settings.DAILY_SUBSIDY_WON = 1
    offer_model("cheap", standing=0.3)
    offer_model("dear", standing=0.9, **DEAR)
    store_answers(ada, "dear", *[100] * 12)

    # It stands last, although it is the better one.
    assert [(each.slug, each.is_affordable) for each in offers().values()] == [
        ("cheap", True),
        ("dear", False),
    ]
    assert presets() == {"auto": Preset("auto"), "fast": Preset("fast", Strategy.SINGLE)}


def test_fast_asks_the_fastest_measured_model_that_speaks_the_language(
    offer_model: MakeModel, ada: User
) -> None:
    for slug in ("wise", "quick"):
        offer_model(slug)
    offer_model("english", languages=["en"])
    assert presets()["fast"] == Preset("fast", Strategy.SINGLE)
    for slug, duration_ms in (("wise", 4_000), ("quick", 900), ("english", 100)):
        store_answers(ada, slug, *[duration_ms] * 12)
    forget_speeds()
    assert presets()["fast"] == Preset("fast", Strategy.SINGLE, ("quick",))


def test_careful_asks_the_best_of_each_vendor_first(offer_model: MakeModel) -> None:
    for number, vendor in enumerate("aabcde"):
        offer_model(f"m{number}", vendor=vendor, standing=0.9 - number / 10)
    assert presets()["careful"] == Preset("careful", "", ("m0", "m2", "m3", "m4"))


def test_one_model_allows_no_comparison_and_none_only_the_automatic_choice(offer_model: MakeModel) -> None:
    assert presets() == {"auto": Preset("auto")}
    offer_model("wise")
    assert set(presets()) == {"auto", "fast"}


def test_code_asks_models_that_are_good_at_it(offer_model: MakeModel) -> None:
    offer_model("wise", standing=0.9)
    assert "code" not in presets()
    offer_model("qwen2.5-1.5b", standing=0.3)
    assert presets()["code"] == Preset("code", "", ("qwen2.5-1.5b",))


def test_the_page_asks_the_database_only_for_the_list_of_models(
    client: Client, offer_model: MakeModel
) -> None:
    offer_model("wise")
    client.get("/")
    with CaptureQueriesContext(connection) as captured:
        page = client.get("/").content.decode()
    tables = [query["sql"].partition(" FROM ")[2].split(" ")[0] for query in captured]
    assert tables == ['"accounts_user"', '"aggregator_listing"']
    assert "속도 측정 전" in page
