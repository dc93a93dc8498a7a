"""The panel of a turn: the slots being asked and the outcomes so far."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from aggregator.pipeline.types import Draft, PanelSlot, Route
from aggregator.providers import Gate, TokenUsage

LATEST_START_SHARE = 0.5


def make_call_id(*parts: str | int) -> uuid.UUID:
    """Return the id that follows from what a call is for, so that a repeated call is recorded once."""
    return uuid.uuid5(uuid.NAMESPACE_OID, "/".join(map(str, parts)))


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one call of the panel ended: its text, whole or partial, its status and its cost."""

    slot: PanelSlot
    call_id: uuid.UUID
    status: str
    text: str
    finish_reason: str
    error: str
    usage: TokenUsage
    cost_micros: int

    @property
    def is_usable(self) -> bool:
        """Whether the call ended well with some text."""
        return bool(self.text.strip()) and self.status == "done"

    def as_draft(self) -> Draft:
        """Return the outcome as the ranker sees it."""
        model = self.slot.model
        return Draft(
            self.slot.candidate, model.slug, model.vendor, model.standing, self.text, self.finish_reason
        )


@dataclass(slots=True)
class Panel:
    """The slots being asked and the outcomes so far; `start_call` starts the call of one slot."""

    route: Route
    outcomes: list[Outcome]
    stop: asyncio.Event
    gate: Gate | None
    start_call: Callable[["Panel", PanelSlot], None]
    started: float = field(default_factory=time.monotonic)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def add_slot(self, slot: PanelSlot) -> None:
        """Ask one more slot, or retry an ended one; an attempt that was started before is ignored."""
        if any(
            slot.candidate == known.candidate and slot.attempt <= known.attempt for known in self.route.slots
        ):
            return
        others = [known for known in self.route.slots if known.candidate != slot.candidate]
        self.outcomes = [outcome for outcome in self.outcomes if outcome.slot.candidate != slot.candidate]
        self.route = replace(self.route, slots=(*others, slot))
        self.start_call(self, slot)

    @property
    def usable(self) -> list[Outcome]:
        """The outcomes that can be ranked, in the panel's order."""
        order = [slot.candidate for slot in self.route.slots]
        usable = [outcome for outcome in self.outcomes if outcome.is_usable]
        if not usable and self.is_complete:
            # A partial answer, shown as such, is better than none.
            usable = [
                outcome for outcome in self.outcomes if outcome.text.strip() and outcome.status == "failed"
            ]
        return sorted(usable, key=lambda outcome: order.index(outcome.slot.candidate))

    @property
    def has_time_for_another(self) -> bool:
        """Whether less than half of the deadline has passed, so that one more model may start."""
        return (time.monotonic() - self.started) * 1000 < LATEST_START_SHARE * self.route.deadline_ms

    @property
    def is_complete(self) -> bool:
        """Whether every slot has an outcome."""
        return len(self.outcomes) == len(self.route.slots)

    def add_outcome(self, outcome: Outcome) -> None:
        """Add an outcome and wake the waiting task; synchronous, so that a cancellation cannot lose it."""
        self.outcomes.append(outcome)
        self._arrived.set()

    async def wait_for_quorum(self) -> None:
        """Wait for a quorum of usable outcomes, then for the others up to the grace period."""
        await self._wait_until(lambda: self.is_complete or len(self.usable) >= self.route.quorum)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.route.grace_ms / 1000):
                await self.wait_until_complete()

    async def wait_until_complete(self) -> None:
        """Wait until every slot has an outcome."""
        await self._wait_until(lambda: self.is_complete)

    async def _wait_until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._arrived.clear()
            await self._arrived.wait()
