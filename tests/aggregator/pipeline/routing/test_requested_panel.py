"""Models that were asked for by name are paid from the same purse as those that the kitchen chooses."""

import pytest

from aggregator.budgeting.turn_budget import DailyFunds, TurnBudget
from aggregator.pipeline.routing.plan_options import COUNCIL, SINGLE
from aggregator.pipeline.routing.prompt_topics import TopicPrediction
from aggregator.pipeline.routing.route import (
    NoModelError,
    RouteLimits,
    RoutePreferences,
    RoutingContext,
    can_afford_call,
    is_budget_limited,
    plan_route,
)
from aggregator.pipeline.types import Route
from tests.aggregator.pipeline.routing.test_route import CHEAP, DEAR, FREE, OPEN, RICH, STRONG, model

EMPTY = DailyFunds(0, 10, 10)
# A turn may take a fiftieth of it: about 8 won, what the strong one costs and the dear one does not.
SMALL = DailyFunds(0, 420_000_000, 0)
LOCAL = [model("home", 0.2, 0), model("cellar", 0.1, 0)]
ALL = [*CHEAP, STRONG, DEAR]


def ask(
    *panel: str, funds: DailyFunds = RICH, strategy: str = "", is_exact: bool = False, offer: object = ALL
) -> Route:
    """Return the route of a turn that names its models."""
    day = RoutingContext(TurnBudget(funds, FREE), TopicPrediction("other", 0.0))
    preferences = RoutePreferences(strategy, panel, is_exact)
    return plan_route(OPEN, offer, preferences=preferences, day=day, limits=RouteLimits(2, 100, 1_000, 3))  # type: ignore[arg-type]


def seats_of(route: Route) -> list[str]:
    """Return who is asked, in order."""
    return [slot.model.slug for slot in route.slots]


def test_a_rich_day_serves_the_panel_as_it_was_named() -> None:
    route = ask("dear", "a", "strong", "a")
    assert (seats_of(route), route.strategy) == (["dear", "a", "strong"], COUNCIL)
    assert route.reasons == ("asked_panel",)
    assert not is_budget_limited(route)


def test_a_small_day_leaves_out_what_it_does_not_pay_for_and_says_so() -> None:
    route = ask("dear", "strong", "b", "a", funds=SMALL)
    assert (seats_of(route), route.reasons) == (["b", "a"], ("asked_panel", "panel_cut"))
    assert TurnBudget(SMALL, FREE).can_afford(route.plan.cost_micros)
    assert is_budget_limited(route)


def test_an_empty_day_names_no_dear_model_whoever_asks_for_it() -> None:
    for strategy in ("", SINGLE):
        route = ask("dear", "strong", "a", funds=EMPTY, strategy=strategy)
        assert seats_of(route) == ["c"]
        assert {"asked_too_dear", "budget_empty"} <= set(route.reasons)
        assert "asked_panel" not in route.reasons


def test_a_small_day_answers_by_the_kitchen_s_own_choice_when_it_pays_for_none_that_were_named() -> None:
    route = ask("dear", funds=SMALL)
    assert "dear" not in seats_of(route)
    assert "asked_too_dear" in route.reasons
    assert TurnBudget(SMALL, FREE).can_afford(route.plan.cost_micros)


def test_the_cheapest_and_what_costs_nothing_are_served_on_any_day() -> None:
    cheapest = ask("strong", "c", funds=EMPTY)
    assert (seats_of(cheapest), cheapest.strategy) == (["c"], SINGLE)
    assert seats_of(ask("c", funds=EMPTY, is_exact=True)) == ["c"]
    at_home = ask("cellar", "dear", "home", funds=EMPTY, offer=[*ALL, *LOCAL])
    assert (seats_of(at_home), at_home.reasons) == (["cellar", "home"], ("asked_panel", "panel_cut"))


def test_one_model_of_several_is_the_first_that_the_day_pays_for() -> None:
    assert seats_of(ask("strong", "a", strategy=SINGLE)) == ["strong"]
    route = ask("dear", "b", "a", strategy=SINGLE, funds=SMALL)
    assert (seats_of(route), route.reasons) == (["b"], ("asked_panel", "panel_cut"))


def test_a_program_that_names_a_model_is_refused_rather_than_answered_by_another() -> None:
    for panel in (("dear",), ("dear", "strong")):
        with pytest.raises(NoModelError) as refusal:
            ask(*panel, funds=EMPTY, is_exact=True)
        assert refusal.value.code == "model_too_dear"


def test_who_fuses_is_counted_twice() -> None:
    offer = [*CHEAP, model("pen", 0.9, 10_000, can_fuse=True)]
    assert seats_of(ask("a", "pen", offer=offer)) == ["a", "pen"]
    assert seats_of(ask("a", "pen", offer=offer, funds=DailyFunds(0, 300_000_000, 0))) == ["a"]


def test_one_more_call_is_made_while_the_day_pays_for_it() -> None:
    assert can_afford_call(DEAR, OPEN, ALL, TurnBudget(RICH, FREE))
    assert not can_afford_call(DEAR, OPEN, ALL, TurnBudget(SMALL, FREE))
    assert not can_afford_call(STRONG, OPEN, ALL, TurnBudget(EMPTY, FREE))
    assert can_afford_call(CHEAP[-1], OPEN, ALL, TurnBudget(EMPTY, FREE))


def test_a_name_that_nobody_bears_and_a_panel_without_room_are_told_apart() -> None:
    with pytest.raises(NoModelError, match="model_not_offered"):
        ask("nobody")
    cramped = model("cramped", 0.5, 100, context_window=8)
    with pytest.raises(NoModelError, match="prompt_too_long"):
        ask("cramped", offer=[*CHEAP, cramped])
