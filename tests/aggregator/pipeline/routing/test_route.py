"""A route follows the topic, the price of quality and the budget, and sometimes explores a model."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from aggregator.budgeting.pacing import PacingState, choose_action
from aggregator.budgeting.turn_budget import DailyFunds, TurnBudget
from aggregator.catalog.catalog import LanguageModel
from aggregator.models import Turn
from aggregator.pipeline.routing.escalation import choose_escalation
from aggregator.pipeline.routing.exploration import MIN_EXPOSURES, Explorer
from aggregator.pipeline.routing.plan_options import (
    estimate_quality,
    list_plan_options,
    quote_model,
)
from aggregator.pipeline.routing.prompt_topics import TopicPrediction, classify_topic
from aggregator.pipeline.routing.route import (
    RoutePreferences,
    RoutingContext,
    plan_route,
)
from aggregator.pipeline.routing_weights import NO_ROUTING_WEIGHTS, CascadePlan, RoutingWeights
from aggregator.pipeline.types import NoModelError, Question, Ranking, Route, RouteLimits, Strategy

OPEN, CHECKABLE = Question("가을에 대한 시를 써줘", "ko"), Question("17 곱하기 23은 얼마인가요?", "ko")
RICH = DailyFunds(0, 10_000_000_000, 0)
FREE = PacingState(0.0, math.inf, 20.0)


def model(slug: str, standing: float, price: int, **fields: object) -> LanguageModel:
    """Return a model at this price for an output token."""
    known = LanguageModel(
        slug=slug, name=slug, vendor=f"vendor of {slug}", provider="local", litellm_model=slug,
        context_window=8_192, output_limit=512, input_price_micros=price // 4, output_price_micros=price,
        languages=("ko", "en"), standing=standing,
    )  # fmt: skip
    return replace(known, **fields)  # type: ignore[arg-type]


CHEAP = [model("a", 0.55, 400), model("b", 0.5, 300), model("c", 0.45, 200)]
STRONG = model("strong", 0.9, 20_000)
DEAR = model("dear", 0.91, 400_000)


def plan(
    question: Question, offer: list[LanguageModel], *, strategy: str = "", pacing: PacingState = FREE,
    funds: DailyFunds = RICH, topic: str = "writing", explorer: Explorer | None = None,
    weights: RoutingWeights = NO_ROUTING_WEIGHTS,
) -> Route:  # fmt: skip
    """Return the route with this budget, explorer and weights."""
    context = RoutingContext(TurnBudget(funds, pacing), TopicPrediction(topic, 0.9), explorer, weights)
    return plan_route(
        question,
        offer,
        preferences=RoutePreferences(strategy),
        context=context,
        limits=RouteLimits(2, 100, 1_000, 3),
    )


def panel_of(route: Route) -> set[str]:
    """Return the slugs of the models asked."""
    return {slot.model.slug for slot in route.slots}


def test_the_strategies_are_those_that_a_turn_stores() -> None:
    assert set(Strategy) == set(Turn.Strategy.values)


def test_quality_without_a_price_asks_the_best_models_and_with_a_price_cheap_ones() -> None:
    assert "strong" in panel_of(plan(OPEN, [*CHEAP, STRONG]))
    cheap = plan(OPEN, [*CHEAP, STRONG], pacing=PacingState(0.2, 1e6, 20.0))
    assert "strong" not in panel_of(cheap)
    assert "thrifty" in cheap.reasons


def test_a_higher_price_never_plans_a_higher_cost() -> None:
    costs = [
        plan(CHECKABLE, [*CHEAP, STRONG], pacing=PacingState(price, 1e6, 20.0)).plan.cost_micros
        for price in (0.0, 0.01, 0.03, 0.1, 1.0, 100.0)
    ]
    assert costs == sorted(costs, reverse=True)
    assert costs[0] > costs[-1]


def test_a_checkable_question_gets_a_cascade_when_quality_has_a_price() -> None:
    route = plan(CHECKABLE, [*CHEAP, STRONG], pacing=PacingState(0.02, 1e6, 20.0))
    assert (route.strategy, route.plan.strong) == (Strategy.CASCADE, "strong")
    assert "cheap_first" in route.reasons
    assert "strong" not in panel_of(route)


def test_an_empty_budget_gets_the_cheapest_model() -> None:
    route = plan(OPEN, [*CHEAP, STRONG], funds=DailyFunds(0, 10, 10))
    assert (panel_of(route), route.strategy, route.reasons[-1]) == ({"c"}, Strategy.SINGLE, "budget_empty")
    small = plan(OPEN, [STRONG], funds=DailyFunds(0, 1_000, 0))
    assert (panel_of(small), small.reasons[-1]) == ({"strong"}, "budget_small")


def test_a_turn_may_cost_a_share_of_the_remaining_budget() -> None:
    assert "dear" not in panel_of(plan(OPEN, [*CHEAP, DEAR], funds=DailyFunds(0, 1_000_000_000, 0)))


def test_a_preferred_strategy_is_kept_at_any_price() -> None:
    assert plan(OPEN, CHEAP, strategy="vote").strategy == Strategy.VOTE
    assert plan(OPEN, CHEAP, strategy="best").strategy == "best"
    assert plan(CHECKABLE, CHEAP, strategy="single").strategy == Strategy.SINGLE
    with pytest.raises(NoModelError):
        plan(OPEN, [])


def test_plan_options_are_the_upper_hull_of_quality_against_cost() -> None:
    quotes = tuple(quote_model(each, 256) for each in (*CHEAP, STRONG))
    plan_options = list_plan_options(quotes, frozenset({Strategy.SINGLE, Strategy.VOTE, Strategy.CASCADE}), 3)
    slopes = [
        (after.quality - before.quality) / (after.cost - before.cost)
        for before, after in pairwise(plan_options)
    ]
    assert slopes == sorted(slopes, reverse=True)
    assert all(slope > 0 for slope in slopes)
    choices = [
        choose_action(
            PacingState(price, 1e9, 1.0),
            [each.quality for each in plan_options],
            [each.cost for each in plan_options],
        )
        for price in (0.0, 1e-3, 1e-2, 1e-1, 1e3)
    ]
    assert choices == sorted(choices, reverse=True)


def test_two_models_of_one_vendor_are_worth_less_than_two_of_different_vendors() -> None:
    same = [quote_model(each, 256) for each in (CHEAP[0], replace(CHEAP[1], vendor=CHEAP[0].vendor))]
    mixed = [quote_model(each, 256) for each in CHEAP[:2]]
    assert estimate_quality(same, Strategy.VOTE) < estimate_quality(mixed, Strategy.VOTE)


def explorer(*, share: float = 1.0, shown: int = 0, seed: int = 1) -> Explorer:
    """Return an explorer with this share of explored turns."""
    return Explorer(share, np.random.default_rng(seed), {}, {"fresh": shown, "old": 10_000}, 10**9)


def test_a_new_model_gets_the_last_slot_first_and_its_propensity_is_logged() -> None:
    offer = [*CHEAP, model("old", 0.3, 100), model("fresh", 0.2, 100)]
    route = plan(OPEN, offer, explorer=explorer())
    assert (route.plan.tried, "explores" in route.reasons) == ("fresh", True)
    assert route.plan.propensities["fresh"] == pytest.approx(1.0)
    assert len(route.slots) == 3
    later = [
        plan(OPEN, offer, explorer=explorer(shown=MIN_EXPOSURES, seed=seed)).plan.tried for seed in range(30)
    ]
    assert {"old", "fresh"} == set(later)


def test_no_model_is_explored_on_health_topics_or_without_a_share() -> None:
    offer = [*CHEAP, model("fresh", 0.2, 100)]
    assert plan(OPEN, offer, topic="health", explorer=explorer()).plan.tried == ""
    quiet = plan(OPEN, offer, explorer=explorer(share=1e-9))
    assert quiet.plan.tried == ""
    assert quiet.plan.propensities["c"] == pytest.approx(1.0)


def vote_with(confidence: float | None) -> Ranking:
    """Return a vote of this confidence."""
    return Ranking((), 1, 2, confidence)


def test_an_unconfident_vote_escalates_to_a_stronger_model_that_is_worth_its_price() -> None:
    budget, offer = TurnBudget(RICH, FREE), [*CHEAP, STRONG]
    route = plan(CHECKABLE, [*CHEAP, STRONG], pacing=PacingState(0.02, 1e6, 20.0))

    def escalate(confidence: float | None, budget: TurnBudget = budget, route: Route = route) -> str:
        found = choose_escalation(CHECKABLE, offer, route, vote_with(confidence), budget=budget)
        return found.slug if found else ""

    assert escalate(0.5) == "strong"
    assert escalate(0.95) == escalate(None) == ""
    assert escalate(0.5, TurnBudget(DailyFunds(0, 1, 1), FREE)) == ""
    assert escalate(0.5, TurnBudget(RICH, PacingState(1.0, 1e6, 20.0))) == ""
    assert escalate(0.5, route=replace(route, reasons=("asked_panel",))) == ""
    # Short answers to an open question differ without one of them being wrong.
    poem = plan(OPEN, CHEAP)
    assert choose_escalation(OPEN, offer, poem, vote_with(0.5), budget=budget) is None
    assert escalate(0.5, route=replace(route, reasons=("escalated",))) == ""


def test_a_measured_plan_escalates_at_its_own_threshold_and_a_measured_vote_never() -> None:
    offer, panel = [*CHEAP, STRONG], ("a", "b")
    compared = ("a", "b", "c", "strong")
    vote = CascadePlan(panel, "", 0.0, 0.91, 0.0, compared)
    seldom = CascadePlan(panel, "strong", 0.4, 0.92, 0.1, compared)
    often = CascadePlan(panel, "strong", 0.9, 0.93, 0.5, compared)

    def escalates(*plans: CascadePlan, confidence: float) -> bool:
        weights, budget = RoutingWeights(cascades=plans), TurnBudget(RICH, FREE)
        route = plan(CHECKABLE, offer, weights=weights)
        assert panel_of(route) == set(panel)
        ranking = vote_with(confidence)
        return bool(choose_escalation(CHECKABLE, offer, route, ranking, budget=budget, weights=weights))

    assert escalates(vote, seldom, often, confidence=0.6)
    assert not escalates(vote, seldom, confidence=0.6)
    assert escalates(vote, seldom, confidence=0.3)
    assert not escalates(vote, confidence=0.3)


@pytest.mark.parametrize(
    ("prompt", "topic"),
    [
        ("이차방정식 x^2 - 7x + 12 = 0을 풀어줘", "math"),
        ("파이썬으로 소수를 찾는 함수를 짜줘", "code"),
        ("다음 문장을 영어로 번역해줘: 오늘은 비가 와요", "translation"),
        ("무릎이 아픈데 어떤 운동이 좋을까요", "health"),
        ("부산 2박 3일 여행 일정을 짜줘", "life"),
        ("Write a JavaScript function that debounces another one", "code"),
    ],
)
def test_topics_are_predicted_in_both_languages(prompt: str, topic: str) -> None:
    assert classify_topic(prompt).topic == topic
