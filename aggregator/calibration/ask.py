"""Asks the models of a run as a live turn does, within its budget and the limits of their providers."""

import asyncio
import contextlib
import time
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from django.conf import settings

from aggregator.calibration.estimate import count_calls_at_once, limit_cost_micros
from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.events import Event
from aggregator.models import CalibrationAnswer
from aggregator.pipeline.panel.fan_out import fan_out
from aggregator.pipeline.panel.panel import Outcome
from aggregator.pipeline.types import PanelSlot, Question, Route, Strategy
from aggregator.providers import RateLimited, TimedOut
from aggregator.resilience.throttle import pause_left_seconds
from aggregator.services.calibration_runs import LASTING_ERRORS, FinishedCall

# A model that fails so often in a row is not asked again in this pass.
MAX_FAILURES, MAX_RATE_LIMITS = 5, 30
# Nobody reads along: a slow answer is waited for, as one that is cut off says little about its model.
CALL_DEADLINE_MS, WAIT_FACTOR = 600_000, 4

Store = Callable[[FinishedCall], Awaitable[None]]
Ask = Callable[["PlannedCall", asyncio.Event], Awaitable[Outcome]]
LimitCost = Callable[["PlannedCall"], int]


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One question to one model, and what its answer is for."""

    question_id: int
    question: Question
    model: LanguageModel
    role: str = CalibrationAnswer.Role.CANDIDATE
    # The model whose fused answer it is about.
    subject: str = ""


@dataclass(slots=True)
class SpendingLimit:
    """What a run has spent and what calls in progress may cost, in micros of won, below its budget."""

    budget_micros: int | None
    spent_micros: int
    reserved_micros: int = 0
    was_reached: bool = False
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def reserve(self, micros: int) -> bool:
        """Reserve what a call may cost at most; False where the budget does not cover it.

        While other calls are in progress it waits, as they usually cost less than was reserved.
        """
        while self.budget_micros is not None and micros > self._left(self.budget_micros):
            if not self.reserved_micros:
                self.was_reached = True
                return False
            self._changed.clear()
            await self._changed.wait()
        self.reserved_micros += micros
        return True

    def settle(self, reserved: int, cost: int) -> None:
        """Replace a reservation by what the call cost."""
        self.reserved_micros -= reserved
        self.spent_micros += cost
        self._changed.set()

    def _left(self, budget: int) -> int:
        return budget - self.spent_micros - self.reserved_micros


@dataclass(slots=True)
class Asker:
    """Asks calls of a run and stores each as it ends; `stop` ends those in progress."""

    limit: SpendingLimit
    stop: asyncio.Event
    store: Store
    ask: Ask
    limit_cost: LimitCost
    # Models that were given up, with the error that they ended in.
    given_up: dict[str, str] = field(default_factory=dict)

    async def ask_all(self, calls: Sequence[PlannedCall]) -> None:
        """Ask every model its calls in their order, few at once, models side by side."""
        queues: dict[str, deque[PlannedCall]] = {}
        models = {call.model.slug: call.model for call in calls}
        for call in calls:
            queues.setdefault(call.model.slug, deque()).append(call)
        async with asyncio.TaskGroup() as group:
            for slug, queue in queues.items():
                line = _ModelQueue(self, queue)
                for _ in range(count_calls_at_once(models[slug])):
                    group.create_task(line.work())


@dataclass(slots=True)
class _ModelQueue:
    """The calls that one model is still to be asked."""

    asker: Asker
    calls: deque[PlannedCall]
    failures: int = 0
    rate_limits: int = 0

    async def work(self) -> None:
        """Ask one call after the other."""
        asker = self.asker
        while self.calls and not asker.stop.is_set():
            call = self.calls.popleft()
            await self._wait_for_provider(call.model)
            reserved = asker.limit_cost(call)
            if not await asker.limit.reserve(reserved):
                self.calls.clear()
                return
            cost, started = 0, time.monotonic()
            try:
                outcome = await asker.ask(call, asker.stop)
                cost = outcome.cost_micros
            finally:
                asker.limit.settle(reserved, cost)
            await self._note(call, outcome, round((time.monotonic() - started) * 1000))

    async def _wait_for_provider(self, model: LanguageModel) -> None:
        """Wait until a provider's rate limit is over, or the run is stopped."""
        while not self.asker.stop.is_set() and (left := pause_left_seconds(model)) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self.asker.stop.wait()

    async def _note(self, call: PlannedCall, outcome: Outcome, duration_ms: int) -> None:
        if outcome.error == RateLimited.code and self.rate_limits < MAX_RATE_LIMITS:
            # It was not asked: the provider said when it may be.
            self.rate_limits += 1
            self.calls.appendleft(call)
            return
        self.rate_limits = 0
        self.failures = 0 if outcome.error in LASTING_ERRORS else self.failures + 1
        finished = FinishedCall(call.question_id, call.role, outcome, duration_ms, call.subject)
        await self.asker.store(finished)
        if self.failures >= MAX_FAILURES:
            self.asker.given_up[call.model.slug] = outcome.error
            self.calls.clear()


async def ask_once(call: PlannedCall, stop: asyncio.Event) -> Outcome:
    """Ask one model as a live panel does, and return how it ended; without time left it has failed."""
    model = replace(
        call.model,
        first_token_ms=WAIT_FACTOR * call.model.first_token_ms,
        stall_ms=WAIT_FACTOR * call.model.stall_ms,
    )
    # Every call has an id of its own: one that is made again is paid for again.
    slot = PanelSlot(str(uuid.uuid4()), model)
    route = Route((slot,), Strategy.SINGLE, (), 1, 0, max(CALL_DEADLINE_MS, settings.TURN_DEADLINE_MS))
    async with fan_out(route, call.question, emit=ignore, stop=stop) as panel:
        await panel.wait_until_complete()
    return fail_late(panel.outcomes[0])


def fail_late(outcome: Outcome) -> Outcome:
    """Return an answer that ran out of time as a failure: a part of it is neither right nor wrong."""
    is_late = outcome.finish_reason == "deadline"
    return replace(outcome, status="failed", error=TimedOut.code) if is_late else outcome


def limit_call_cost(call: PlannedCall) -> int:
    """Return the most that one answer may cost in micros of won."""
    return limit_cost_micros(call.model, call.question)


async def ignore(event: Event) -> None:
    """Drop an event: nobody follows the call."""
