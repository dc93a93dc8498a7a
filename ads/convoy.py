"""Lets threads that come at the same time travel together: one works for all who came meanwhile.

Nobody waits for company: who comes alone leaves at once, and the next group is whoever came during a trip.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Load = TypeVar("Load")
Outcome = TypeVar("Outcome")


class _Ticket(Generic[Load, Outcome]):
    """One load, and a gate that opens when its outcome is there or when it is this thread's turn to drive."""

    __slots__ = ("error", "gate", "is_driver", "load", "outcome")

    def __init__(self, load: Load) -> None:
        self.load = load
        self.outcome: list[Outcome] = []
        self.error: BaseException | None = None
        self.is_driver = False
        self.gate = threading.Lock()
        self.gate.acquire()


class Convoy(Generic[Load, Outcome]):
    """Carries loads in groups; `carry` gives one outcome a load, in order, or fails for all of its group."""

    def __init__(self, carry: Callable[[Sequence[Load]], Sequence[Outcome]], *, most: int) -> None:
        self._carry = carry
        self._most = most
        self._lock = threading.Lock()
        self._waiting: deque[_Ticket[Load, Outcome]] = deque()
        self._is_under_way = False

    def send(self, load: Load) -> Outcome:
        """Return what became of this load once its group arrived."""
        ticket: _Ticket[Load, Outcome] = _Ticket(load)
        with self._lock:
            self._waiting.append(ticket)
            if not self._is_under_way:
                self._is_under_way = ticket.is_driver = True
        if not ticket.is_driver:
            ticket.gate.acquire()
        if ticket.is_driver:
            self._drive()
        if ticket.error is not None:
            raise ticket.error
        return ticket.outcome[0]

    def _drive(self) -> None:
        with self._lock:
            group = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
        try:
            outcomes = self._carry([ticket.load for ticket in group])
            for ticket, outcome in zip(group, outcomes, strict=True):
                ticket.outcome.append(outcome)
        except BaseException as error:  # noqa: BLE001
            # Whatever it is, everybody in the group has to hear of it: nobody else will carry their load.
            for ticket in group:
                ticket.error = error
        with self._lock:
            following = self._waiting[0] if self._waiting else None
            self._is_under_way = following is not None
            if following is not None:
                following.is_driver = True
        for ticket in group:
            ticket.gate.release()
        if following is not None:
            following.gate.release()
