import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from ads.infra.group_commit import GroupCommit


def test_who_comes_alone_leaves_at_once() -> None:
    trips: list[list[int]] = []

    def commit(loads: Sequence[int]) -> list[int]:
        trips.append(list(loads))
        return [load * 2 for load in loads]

    group = GroupCommit(commit, most=8)
    assert [group.send(1), group.send(2)] == [2, 4]
    assert trips == [[1], [2]]


def test_those_who_come_during_a_trip_share_the_next_ones_and_each_gets_their_own_outcome() -> None:
    first_is_under_way, may_arrive = threading.Event(), threading.Event()
    trips: list[list[int]] = []

    def commit(loads: Sequence[int]) -> list[int]:
        trips.append(list(loads))
        first_is_under_way.set()
        assert may_arrive.wait(10)
        return [load * 2 for load in loads]

    group = GroupCommit(commit, most=8)
    with ThreadPoolExecutor(21) as pool:
        first = pool.submit(group.send, 0)
        assert first_is_under_way.wait(10)
        others = [pool.submit(group.send, number) for number in range(1, 21)]
        while len(group._waiting) < 20:
            threading.Event().wait(0.01)
        may_arrive.set()
        assert first.result(10) == 0
        assert [each.result(10) for each in others] == [number * 2 for number in range(1, 21)]
    assert [len(trip) for trip in trips] == [1, 8, 8, 4]


def test_a_trip_that_fails_fails_for_all_of_it_and_the_next_one_leaves() -> None:
    def commit(loads: Sequence[int]) -> list[int]:
        if 13 in loads:
            raise ConnectionError("the road is gone")
        return list(loads)

    group = GroupCommit(commit, most=8)
    with pytest.raises(ConnectionError):
        group.send(13)
    assert group.send(7) == 7
