"""Group commit: concurrent threads share a transaction, which one of them commits for all.

A single thread does not wait for others: a group is the items that arrived during the previous commit.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class _Pending(Generic[Item, Result]):
    """An item, and a lock that is released when its outcome is ready or its thread becomes the leader."""

    __slots__ = ("error", "gate", "is_leader", "item", "outcome")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.outcome: list[Result] = []
        self.error: BaseException | None = None
        self.is_leader = False
        self.gate = threading.Lock()
        self.gate.acquire()


class GroupCommit(Generic[Item, Result]):
    """Commits items in groups; `commit` returns one outcome for each item, in order, or fails for all."""

    def __init__(self, commit: Callable[[Sequence[Item]], Sequence[Result]], *, max_size: int) -> None:
        self._commit = commit
        self._max_size = max_size
        self._lock = threading.Lock()
        self._waiting: deque[_Pending[Item, Result]] = deque()
        self._is_committing = False

    def submit(self, item: Item) -> Result:
        """Commit an item, with those of other threads, and return its outcome."""
        pending: _Pending[Item, Result] = _Pending(item)
        with self._lock:
            self._waiting.append(pending)
            if not self._is_committing:
                self._is_committing = pending.is_leader = True
        if not pending.is_leader:
            pending.gate.acquire()
        if pending.is_leader:
            self._commit_next_group()
        if pending.error is not None:
            raise pending.error
        return pending.outcome[0]

    def _commit_next_group(self) -> None:
        with self._lock:
            group = [self._waiting.popleft() for _ in range(min(self._max_size, len(self._waiting)))]
        try:
            outcomes = self._commit([pending.item for pending in group])
            for pending, outcome in zip(group, outcomes, strict=True):
                pending.outcome.append(outcome)
        except BaseException as error:  # noqa: BLE001
            # Raised in every thread of the group: no other will commit their items.
            for pending in group:
                pending.error = error
        with self._lock:
            next_leader = self._waiting[0] if self._waiting else None
            self._is_committing = next_leader is not None
            if next_leader is not None:
                next_leader.is_leader = True
        for pending in group:
            pending.gate.release()
        if next_leader is not None:
            next_leader.gate.release()
