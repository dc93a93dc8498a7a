"""The price of quality keeps spending within income, and never refuses a turn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.pipeline.pacing import CREDIT_TURNS, Pace, choose_action, find_price, settle_turn, start_pace

QUALITIES, COSTS = (0.5, 0.7, 0.8), (1.0, 10.0, 100.0)


@given(st.lists(st.floats(0.0, 60.0), min_size=50, max_size=300))
def test_debt_never_passes_the_line_of_credit(incomes: list[float]) -> None:
    pace = start_pace(20.0, 0.001)
    for income in incomes:
        cheapest_only = pace.credit < COSTS[1]
        action = choose_action(pace, QUALITIES, COSTS)
        assert COSTS[action] <= max(pace.credit, COSTS[0])
        assert not cheapest_only or action == 0
        pace = settle_turn(pace, COSTS[action], income)


def test_without_credit_the_cheapest_is_asked() -> None:
    assert choose_action(Pace(0.0, -CREDIT_TURNS * 10, 10.0), QUALITIES, COSTS) == 0


def test_overspending_raises_the_price_and_thrift_lowers_it() -> None:
    pace = Pace(0.01, 100.0, 10.0)
    assert settle_turn(pace, 100.0, 10.0).price > pace.price
    rich = Pace(0.01, 1_000.0, 10.0)
    assert settle_turn(rich, 0.0, 10.0).price < rich.price


@pytest.mark.parametrize("allowed", [1.0, 5.0, 50.0, 200.0])
def test_the_found_price_is_paid_for(allowed: float) -> None:
    price = find_price([(QUALITIES, COSTS)], allowed)
    chosen = max(range(3), key=lambda place: QUALITIES[place] - price * COSTS[place])
    assert COSTS[chosen] <= allowed


def test_a_long_day_spends_what_it_earns() -> None:
    pace, spent = start_pace(20.0, find_price([(QUALITIES, COSTS)], 20.0)), 0.0
    for _ in range(3_000):
        cost = COSTS[choose_action(pace, QUALITIES, COSTS)]
        pace, spent = settle_turn(pace, cost, 20.0), spent + cost
    assert 0.97 <= spent / (3_000 * 20.0) <= 1.0
