"""Models requested by name are paid from the same budget as those that the router chooses."""

from collections.abc import Sequence

import pytest

from aggregator.budgeting.turn_budget import DailyFunds, TurnBudget
from aggregator.catalog.catalog import LanguageModel
from aggregator.pipeline.routing.prompt_topics import TopicPrediction
from aggregator.pipeline.routing.route import (
    RoutePreferences,
    RoutingContext,
    can_afford_call,
    is_budget_limited,
    plan_route,
)
from aggregator.pipeline.types import NoModelError, Question, Route, RouteLimits, Strategy
from tests.aggregator.pipeline.routing.test_route import CHEAP, DEAR, FREE, OPEN, RICH, STRONG, model

EMPTY = DailyFunds(0, 10, 10)
# A turn may cost a fiftieth of it, 7.8 won: enough for the strong model, too little for the dear one.
SMALL = DailyFunds(0, 390_000_000, 0)
LOCAL = [model("home", 0.2, 0), model("cellar", 0.1, 0)]
ALL = [*CHEAP, STRONG, DEAR]


def ask(
    *panel: str, funds: DailyFunds = RICH, strategy: str = "", is_exact: bool = False,
    models: Sequence[LanguageModel] = tuple(ALL), question: Question = OPEN,
) -> Route:  # fmt: skip
    """Return the route of a turn that requests these models."""
    context = RoutingContext(TurnBudget(funds, FREE), TopicPrediction("other", 0.0))
    preferences = RoutePreferences(strategy, panel, is_exact)
    return plan_route(
        question, models, preferences=preferences, context=context, limits=RouteLimits(2, 100, 1_000, 3)
    )


def panel_of(route: Route) -> list[str]:
    """Return the slugs of the models asked, in order."""
    return [slot.model.slug for slot in route.slots]


def test_a_large_budget_serves_the_panel_as_requested() -> None:
    route = ask("dear", "a", "strong", "a")
    assert (panel_of(route), route.strategy) == (["dear", "a", "strong"], Strategy.BEST)
    assert route.reasons == ("asked_panel",)
    assert not is_budget_limited(route)


def test_a_small_budget_leaves_out_models_and_gives_the_reason() -> None:
    route = ask("dear", "strong", "b", "a", funds=SMALL)
    assert (panel_of(route), route.reasons) == (["b", "a"], ("asked_panel", "panel_cut"))
    assert TurnBudget(SMALL, FREE).can_afford(route.plan.cost_micros)
    assert is_budget_limited(route)


def test_an_empty_budget_serves_no_dear_model() -> None:
    for strategy in ("", Strategy.SINGLE):
        route = ask("dear", "strong", "a", funds=EMPTY, strategy=strategy)
        assert panel_of(route) == ["c"]
        assert {"asked_too_dear", "budget_empty"} <= set(route.reasons)
        assert "asked_panel" not in route.reasons


def test_the_router_chooses_when_the_budget_covers_no_requested_model() -> None:
    route = ask("dear", funds=SMALL)
    assert "dear" not in panel_of(route)
    assert "asked_too_dear" in route.reasons
    assert TurnBudget(SMALL, FREE).can_afford(route.plan.cost_micros)


def test_the_cheapest_and_free_models_are_served_with_an_empty_budget() -> None:
    cheapest = ask("strong", "c", funds=EMPTY)
    assert (panel_of(cheapest), cheapest.strategy) == (["c"], Strategy.SINGLE)
    assert panel_of(ask("c", funds=EMPTY, is_exact=True)) == ["c"]
    with_local = ask("cellar", "dear", "home", funds=EMPTY, models=[*ALL, *LOCAL])
    assert (panel_of(with_local), with_local.reasons) == (["cellar", "home"], ("asked_panel", "panel_cut"))


def test_a_single_answer_comes_from_the_first_affordable_model() -> None:
    assert panel_of(ask("strong", "a", strategy=Strategy.SINGLE)) == ["strong"]
    route = ask("dear", "b", "a", strategy=Strategy.SINGLE, funds=SMALL)
    assert (panel_of(route), route.reasons) == (["b"], ("asked_panel", "panel_cut"))


def test_an_exact_request_is_refused_instead_of_answered_by_another_model() -> None:
    for panel in (("dear",), ("dear", "strong")):
        with pytest.raises(NoModelError) as refusal:
            ask(*panel, funds=EMPTY, is_exact=True)
        assert refusal.value.code == "model_too_dear"


def test_the_fusing_model_is_counted_twice() -> None:
    models = [*CHEAP, model("pen", 0.9, 10_000, can_fuse=True)]
    assert panel_of(ask("a", "pen", models=models)) == ["a", "pen"]
    assert panel_of(ask("a", "pen", models=models, funds=DailyFunds(0, 300_000_000, 0))) == ["a"]


def test_one_more_call_is_made_while_the_budget_covers_it() -> None:
    assert can_afford_call(DEAR, OPEN, ALL, TurnBudget(RICH, FREE))
    assert not can_afford_call(DEAR, OPEN, ALL, TurnBudget(SMALL, FREE))
    assert not can_afford_call(STRONG, OPEN, ALL, TurnBudget(EMPTY, FREE))
    assert can_afford_call(CHEAP[-1], OPEN, ALL, TurnBudget(EMPTY, FREE))


def test_unknown_models_and_too_small_windows_have_different_errors() -> None:
    with pytest.raises(NoModelError, match="model_not_offered"):
        ask("nobody")
    cramped = model("cramped", 0.5, 100, context_window=8)
    with pytest.raises(NoModelError, match="prompt_too_long_for_choice"):
        ask("cramped", models=[*CHEAP, cramped])
    with pytest.raises(NoModelError, match=r"^prompt_too_long$"):
        ask("cramped", models=[cramped])
