"""Pacing keeps spending within income and refuses no turn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.budgeting.pacing import (
    CREDIT_TURNS,
    PacingState,
    choose_action,
    solve_price,
    start_pacing,
    update_pacing,
)

QUALITIES, COSTS = (0.5, 0.7, 0.8), (1.0, 10.0, 100.0)


@given(st.lists(st.floats(0.0, 60.0), min_size=50, max_size=300))
def test_debt_never_exceeds_the_credit(incomes: list[float]) -> None:
    pacing = start_pacing(20.0, 0.001)
    for income in incomes:
        cheapest_only = pacing.credit < COSTS[1]
        action = choose_action(pacing, QUALITIES, COSTS)
        assert COSTS[action] <= max(pacing.credit, COSTS[0])
        assert not cheapest_only or action == 0
        pacing = update_pacing(pacing, COSTS[action], income)


def test_without_credit_the_cheapest_is_chosen() -> None:
    assert choose_action(PacingState(0.0, -CREDIT_TURNS * 10, 10.0), QUALITIES, COSTS) == 0


def test_overspending_raises_the_price_and_underspending_lowers_it() -> None:
    pacing = PacingState(0.01, 100.0, 10.0)
    assert update_pacing(pacing, 100.0, 10.0).price > pacing.price
    rich = PacingState(0.01, 1_000.0, 10.0)
    assert update_pacing(rich, 0.0, 10.0).price < rich.price


@pytest.mark.parametrize("allowed", [1.0, 5.0, 50.0, 200.0])
def test_the_solved_price_meets_the_allowance(allowed: float) -> None:
    price = solve_price([(QUALITIES, COSTS)], allowed)
    chosen = max(range(3), key=lambda place: QUALITIES[place] - price * COSTS[place])
    assert COSTS[chosen] <= allowed


def test_a_long_day_spends_its_income() -> None:
    pacing, spent = start_pacing(20.0, solve_price([(QUALITIES, COSTS)], 20.0)), 0.0
    for _ in range(3_000):
        cost = COSTS[choose_action(pacing, QUALITIES, COSTS)]
        pacing, spent = update_pacing(pacing, cost, 20.0), spent + cost
    assert 0.97 <= spent / (3_000 * 20.0) <= 1.0
