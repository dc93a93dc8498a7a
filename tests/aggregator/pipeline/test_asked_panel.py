"""Models that were asked for by name are paid from the same purse as those that the kitchen chooses."""

import pytest

from aggregator.pipeline.budget import Pool, Purse
from aggregator.pipeline.menu import COUNCIL, SINGLE
from aggregator.pipeline.route import (
    Day,
    Limits,
    NoModelError,
    Wishes,
    is_short_of_money,
    may_ask,
    plan_route,
)
from aggregator.pipeline.shapes import Route
from aggregator.pipeline.topics import TopicGuess
from tests.aggregator.pipeline.test_route import CHEAP, DEAR, FREE, OPEN, RICH, STRONG, model

EMPTY = Pool(0, 10, 10)
# A turn may take a fiftieth of it: about 8 won, what the strong one costs and the dear one does not.
SMALL = Pool(0, 420_000_000, 0)
LOCAL = [model("home", 0.2, 0), model("cellar", 0.1, 0)]
ALL = [*CHEAP, STRONG, DEAR]


def ask(
    *panel: str, pool: Pool = RICH, strategy: str = "", is_exact: bool = False, offer: object = ALL
) -> Route:
    """Return the route of a turn that names its models."""
    day = Day(Purse(pool, FREE), TopicGuess("other", 0.0))
    wishes = Wishes(strategy, panel, is_exact)
    return plan_route(OPEN, offer, wishes=wishes, day=day, limits=Limits(2, 100, 1_000, 3))  # type: ignore[arg-type]


def seats_of(route: Route) -> list[str]:
    """Return who is asked, in order."""
    return [seat.model.slug for seat in route.seats]


def test_a_rich_day_serves_the_panel_as_it_was_named() -> None:
    route = ask("dear", "a", "strong", "a")
    assert (seats_of(route), route.strategy) == (["dear", "a", "strong"], COUNCIL)
    assert route.reasons == ("asked_panel",)
    assert not is_short_of_money(route)


def test_a_small_day_leaves_out_what_it_does_not_pay_for_and_says_so() -> None:
    route = ask("dear", "strong", "b", "a", pool=SMALL)
    assert (seats_of(route), route.reasons) == (["b", "a"], ("asked_panel", "panel_cut"))
    assert Purse(SMALL, FREE).affords(route.plan.cost_micros)
    assert is_short_of_money(route)


def test_an_empty_day_names_no_dear_model_whoever_asks_for_it() -> None:
    for strategy in ("", SINGLE):
        route = ask("dear", "strong", "a", pool=EMPTY, strategy=strategy)
        assert seats_of(route) == ["c"]
        assert {"asked_too_dear", "budget_empty"} <= set(route.reasons)
        assert "asked_panel" not in route.reasons


def test_a_small_day_answers_by_the_kitchen_s_own_choice_when_it_pays_for_none_that_were_named() -> None:
    route = ask("dear", pool=SMALL)
    assert "dear" not in seats_of(route)
    assert "asked_too_dear" in route.reasons
    assert Purse(SMALL, FREE).affords(route.plan.cost_micros)


def test_the_cheapest_and_what_costs_nothing_are_served_on_any_day() -> None:
    cheapest = ask("strong", "c", pool=EMPTY)
    assert (seats_of(cheapest), cheapest.strategy) == (["c"], SINGLE)
    assert seats_of(ask("c", pool=EMPTY, is_exact=True)) == ["c"]
    at_home = ask("cellar", "dear", "home", pool=EMPTY, offer=[*ALL, *LOCAL])
    assert (seats_of(at_home), at_home.reasons) == (["cellar", "home"], ("asked_panel", "panel_cut"))


def test_one_model_of_several_is_the_first_that_the_day_pays_for() -> None:
    assert seats_of(ask("strong", "a", strategy=SINGLE)) == ["strong"]
    route = ask("dear", "b", "a", strategy=SINGLE, pool=SMALL)
    assert (seats_of(route), route.reasons) == (["b"], ("asked_panel", "panel_cut"))


def test_a_program_that_names_a_model_is_refused_rather_than_answered_by_another() -> None:
    for panel in (("dear",), ("dear", "strong")):
        with pytest.raises(NoModelError) as refusal:
            ask(*panel, pool=EMPTY, is_exact=True)
        assert refusal.value.code == "model_too_dear"


def test_who_fuses_is_counted_twice() -> None:
    offer = [*CHEAP, model("pen", 0.9, 10_000, can_fuse=True)]
    assert seats_of(ask("a", "pen", offer=offer)) == ["a", "pen"]
    assert seats_of(ask("a", "pen", offer=offer, pool=Pool(0, 300_000_000, 0))) == ["a"]


def test_one_more_call_is_made_while_the_day_pays_for_it() -> None:
    assert may_ask(DEAR, OPEN, ALL, Purse(RICH, FREE))
    assert not may_ask(DEAR, OPEN, ALL, Purse(SMALL, FREE))
    assert not may_ask(STRONG, OPEN, ALL, Purse(EMPTY, FREE))
    assert may_ask(CHEAP[-1], OPEN, ALL, Purse(EMPTY, FREE))


def test_a_name_that_nobody_bears_and_a_panel_without_room_are_told_apart() -> None:
    with pytest.raises(NoModelError, match="model_not_offered"):
        ask("nobody")
    cramped = model("cramped", 0.5, 100, context_window=8)
    with pytest.raises(NoModelError, match="prompt_too_long"):
        ask("cramped", offer=[*CHEAP, cramped])
