import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from ads.infra.group_commit import GroupCommit


def test_a_single_item_is_committed_at_once() -> None:
    groups: list[list[int]] = []

    def commit(items: Sequence[int]) -> list[int]:
        groups.append(list(items))
        return [item * 2 for item in items]

    committer = GroupCommit(commit, max_size=8)
    assert [committer.submit(1), committer.submit(2)] == [2, 4]
    assert groups == [[1], [2]]


def test_items_that_arrive_during_a_commit_share_the_next_and_get_their_own_outcomes() -> None:
    is_committing, may_finish = threading.Event(), threading.Event()
    groups: list[list[int]] = []

    def commit(items: Sequence[int]) -> list[int]:
        groups.append(list(items))
        is_committing.set()
        assert may_finish.wait(10)
        return [item * 2 for item in items]

    committer = GroupCommit(commit, max_size=8)
    with ThreadPoolExecutor(21) as pool:
        first = pool.submit(committer.submit, 0)
        assert is_committing.wait(10)
        others = [pool.submit(committer.submit, number) for number in range(1, 21)]
        while len(committer._waiting) < 20:
            threading.Event().wait(0.01)
        may_finish.set()
        assert first.result(10) == 0
        assert [each.result(10) for each in others] == [number * 2 for number in range(1, 21)]
    assert [len(group) for group in groups] == [1, 8, 8, 4]


def test_an_error_is_raised_for_the_whole_group_and_not_for_the_next() -> None:
    def commit(items: Sequence[int]) -> list[int]:
        if 13 in items:
            raise ConnectionError("connection lost")
        return list(items)

    committer = GroupCommit(commit, max_size=8)
    with pytest.raises(ConnectionError):
        committer.submit(13)
    assert committer.submit(7) == 7
