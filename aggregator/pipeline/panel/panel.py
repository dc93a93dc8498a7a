"""The panel of a turn: the slots being asked and the outcomes so far."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from aggregator.domain.turn_state import CandidateState
from aggregator.pipeline.panel.settling import Ended, Writer
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
    # When each candidate was asked, and when a quorum of usable outcomes was in.
    begun_at: dict[str, float] = field(default_factory=dict)
    quorum_at: float | None = None
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._note_quorum()

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
        self._note_quorum()
        self._arrived.set()

    @property
    def is_quorate(self) -> bool:
        """Whether a quorum of usable outcomes is in and the grace period for the others has passed."""
        if self.is_complete:
            return True
        if self.quorum_at is None:
            return False
        return (time.monotonic() - self.quorum_at) * 1000 >= self.route.grace_ms

    @property
    def unfinished(self) -> list[PanelSlot]:
        """The slots without an outcome."""
        ended = {outcome.slot.candidate for outcome in self.outcomes}
        return [slot for slot in self.route.slots if slot.candidate not in ended]

    def list_ended(self, states: Mapping[str, CandidateState]) -> list[Ended]:
        """Return the usable answers with their lengths and the times that they were written in."""
        ended = []
        for outcome in self.usable:
            state = states[outcome.slot.candidate]
            writing_s = (state.duration_ms - (state.ttft_ms or 0)) / 1000
            ended.append(Ended(outcome.as_draft(), len(outcome.text), writing_s))
        return ended

    def list_writers(self, states: Mapping[str, CandidateState]) -> list[Writer]:
        """Return the candidates that are still being written, as far as they have come."""
        return [self._watch(slot, states[slot.candidate]) for slot in self.unfinished]

    def _watch(self, slot: PanelSlot, state: CandidateState) -> Writer:
        waiting_s = time.monotonic() - self.begun_at.get(slot.candidate, self.started)
        is_writing = state.status == "streaming" and state.ttft_ms is not None
        writing_s = waiting_s - (state.ttft_ms or 0) / 1000 if is_writing else 0.0
        chars = len(state.text) if is_writing else 0
        limit_s = max(0.0, self.route.deadline_ms / 1000 - waiting_s)
        return Writer(slot.model.standing, chars, waiting_s, max(0.0, writing_s), limit_s)

    async def wait_for_arrival(self, seconds: float) -> None:
        """Wait for the next outcome, some seconds at most."""
        self._arrived.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._arrived.wait()

    async def wait_for(self, candidate: str) -> None:
        """Wait until a candidate has an outcome."""
        await self._wait_until(lambda: candidate not in {slot.candidate for slot in self.unfinished})

    def _note_quorum(self) -> None:
        if self.quorum_at is None and len(self.usable) >= self.route.quorum:
            self.quorum_at = time.monotonic()

    async def wait_until_complete(self) -> None:
        """Wait until every slot has an outcome."""
        await self._wait_until(lambda: self.is_complete)

    async def _wait_until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._arrived.clear()
            await self._arrived.wait()
