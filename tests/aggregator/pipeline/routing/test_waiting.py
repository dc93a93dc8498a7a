"""A panel that takes far longer than another one is chosen only if its quality is worth the wait."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from aggregator.budgeting.turn_budget import TurnBudget
from aggregator.catalog.catalog import LanguageModel, read_catalog
from aggregator.pipeline.routing.answer_forecast import ModelPace, expect_seconds, expect_tokens
from aggregator.pipeline.routing.plan_options import estimate_seconds, quote_model
from aggregator.pipeline.routing.prompt_topics import TopicPrediction
from aggregator.pipeline.routing.route import RoutePreferences, RoutingContext, plan_route
from aggregator.pipeline.types import Question, Route, RouteLimits, Strategy
from aggregator.pipeline.waiting_price import SECOND_PRICE
from tests.aggregator.pipeline.routing.test_route import CHEAP, FREE, OPEN, RICH, model, panel_of

QUICK = ModelPace(tokens_per_second=60.0, first_token_seconds=0.5)
LOCAL = [model for model in read_catalog().values() if model.provider == "local"]
LIMIT_MS = 180_000


def plan(
    offer: list[LanguageModel], paces: Mapping[str, ModelPace], question: Question = OPEN,
    topic: str = "writing", *panel: str,
) -> Route:  # fmt: skip
    """Return the route at these paces."""
    context = RoutingContext(TurnBudget(RICH, FREE), TopicPrediction(topic, 0.9), paces=paces)
    limits = RouteLimits(2, 100, LIMIT_MS, 3)
    return plan_route(
        question, offer, preferences=RoutePreferences("", panel), context=context, limits=limits
    )


@pytest.mark.parametrize(("rate", "is_chosen"), [(40.0, True), (2.0, False)])
def test_a_slow_member_is_asked_only_if_it_is_not_much_slower(rate: float, is_chosen: bool) -> None:
    paces = {each.slug: QUICK for each in CHEAP} | {"c": replace(QUICK, tokens_per_second=rate)}
    route = plan(CHEAP, paces)
    assert ("c" in panel_of(route)) == is_chosen
    assert ("quick" in route.reasons) != is_chosen
    assert ("best_expected" in route.reasons) == is_chosen
    assert (route.plan.expected_ms > 60_000) is False


def test_a_much_better_model_is_worth_a_wait_and_not_any_wait() -> None:
    best = model("best", 0.9, 400)
    for rate, is_chosen in ((5.0, True), (0.1, False)):
        paces = {each.slug: QUICK for each in CHEAP} | {"best": replace(QUICK, tokens_per_second=rate)}
        assert ("best" in panel_of(plan([*CHEAP, best], paces))) == is_chosen
    assert SECOND_PRICE == 0.0002


def test_a_person_s_own_panel_waits_as_long_as_it_takes() -> None:
    paces = {each.slug: QUICK for each in CHEAP} | {"c": replace(QUICK, tokens_per_second=1.0)}
    route = plan(CHEAP, paces, OPEN, "writing", "a", "c")
    assert (panel_of(route), route.deadline_ms) == ({"a", "c"}, LIMIT_MS)


def test_a_short_forecast_cuts_no_answer_off() -> None:
    quick = plan(CHEAP, {each.slug: QUICK for each in CHEAP})
    assert quick.plan.expected_ms < 30_000 < quick.deadline_ms == LIMIT_MS


def test_an_everyday_question_to_the_local_models_ends_long_before_eighty_seconds() -> None:
    for prompt, topic in (("한국의 수도는 어디인가요?", "facts"), ("17 곱하기 23은 얼마인가요?", "math")):
        route = plan(LOCAL, {}, Question(prompt, "ko"), topic)
        assert route.plan.expected_ms < 45_000


def test_a_fused_answer_takes_the_slowest_and_then_the_fuser() -> None:
    quotes = [
        quote_model(replace(each, can_fuse=each.slug == "a"), 128, 300, seconds)
        for each, seconds in zip(CHEAP, (4.0, 9.0, 2.0), strict=True)
    ]
    assert estimate_seconds(quotes, Strategy.BEST) == 9.0
    assert estimate_seconds(quotes, Strategy.COUNCIL) == 13.0


def test_a_local_model_reads_its_prompt_before_it_writes() -> None:
    coder = read_catalog()["qwen2.5-1.5b"]
    assert expect_seconds(coder, 960, 120) == pytest.approx(960 / 37 + 120 / 12, abs=0.1)
    assert expect_tokens(coder, 10_000) == coder.output_limit
