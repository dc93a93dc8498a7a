"""The simulation of many machines keeps to what any closed network of queues must keep to."""

import pytest

from bench.turns.queueing import TurnDemand, scale_of, turns_per_second


def demand(*, valkey_s: float) -> TurnDemand:
    """Return a turn of 100 ms on a machine and 4 s altogether."""
    return TurnDemand(
        machine_s=0.1,
        stores_s={"postgres": 0.002, "valkey": valkey_s},
        store_cores={"postgres": 8, "valkey": 1},
        turn_s=4.0,
    )


def test_stores_that_cost_nothing_scale_without_loss() -> None:
    assert scale_of(demand(valkey_s=0.0), 100) == pytest.approx(1.0, abs=0.01)


def test_one_machine_is_as_busy_as_its_chats_make_it() -> None:
    each = demand(valkey_s=0.001)
    assert 0.6 < turns_per_second(each, 1) * each.machine_s < 0.7


def test_no_number_of_machines_gets_more_from_a_store_than_its_time() -> None:
    each = demand(valkey_s=0.01)
    assert each.limit_per_second("valkey") == pytest.approx(100.0)
    assert 95.0 < turns_per_second(each, 100) <= 100.0


def test_turn_logs_on_several_servers_take_that_limit_away() -> None:
    each = demand(valkey_s=0.02)
    assert scale_of(each, 100) < 0.2
    assert scale_of(each, 100, logs=20) > 0.9
