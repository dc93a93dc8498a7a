"""Asks the whole panel at once: every answer streams as it comes, and none waits for another."""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace

from aggregator.domain.events import CandidateDelta, CandidateFinished, CandidateQueued, CandidateStarted
from aggregator.infra.telemetry import span
from aggregator.pipeline.chat_messages import build_messages, estimate_tokens, max_output_tokens
from aggregator.pipeline.panel.fair_semaphore import limit_model_concurrency
from aggregator.pipeline.ranking.format_checks import is_repetitive
from aggregator.pipeline.types import Draft, Emit, PanelSlot, Question, Route
from aggregator.providers import (
    Completion,
    CompletionRequest,
    Gate,
    ProviderError,
    TimedOut,
    TokenUsage,
    cost_micros,
    stream_completion,
)

LOOP_CHECK_CHARS, LOOP_CHECK_SHARE = 400, 3
LATEST_START_SHARE = 0.5
MIN_DEADLINE_MS = 1_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one slot's question ended: its text, whole or partial, and what the call took."""

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
        """Whether there is text that can stand as an answer."""
        return bool(self.text.strip()) and self.status == "done"

    def as_draft(self) -> Draft:
        """Return the outcome as the ranker sees it."""
        model = self.slot.model
        return Draft(
            self.slot.candidate, model.slug, model.vendor, model.standing, self.text, self.finish_reason
        )


@dataclass(slots=True)
class Panel:
    """The slots that are being asked; outcomes appear as they come."""

    route: Route
    outcomes: list[Outcome] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    gate: Gate | None = None
    started: float = field(default_factory=time.monotonic)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _begin: Callable[[PanelSlot], None] = lambda _: None

    def ask(self, slot: PanelSlot) -> None:
        """Ask one more slot, or one that has ended once more, while the others go on; no attempt twice."""
        if any(
            slot.candidate == known.candidate and slot.attempt <= known.attempt for known in self.route.slots
        ):
            return
        others = [known for known in self.route.slots if known.candidate != slot.candidate]
        self.outcomes = [outcome for outcome in self.outcomes if outcome.slot.candidate != slot.candidate]
        self.route = replace(self.route, slots=(*others, slot))
        self._begin(slot)

    @property
    def usable(self) -> list[Outcome]:
        """The answers that are in and can be ranked, in the panel's order."""
        order = [slot.candidate for slot in self.route.slots]
        whole = [outcome for outcome in self.outcomes if outcome.is_usable]
        if not whole and self.is_complete:
            # Half an answer, shown as such, helps more than none.
            whole = [
                outcome for outcome in self.outcomes if outcome.text.strip() and outcome.status == "failed"
            ]
        return sorted(whole, key=lambda outcome: order.index(outcome.slot.candidate))

    @property
    def has_time_for_another(self) -> bool:
        """Whether enough time is left that one more model may begin without keeping everybody waiting."""
        return (time.monotonic() - self.started) * 1000 < LATEST_START_SHARE * self.route.deadline_ms

    @property
    def is_complete(self) -> bool:
        """Whether every slot has ended, well or badly."""
        return len(self.outcomes) == len(self.route.slots)

    def add(self, outcome: Outcome) -> None:
        """Take in an outcome and wake whoever waits for it; a stop in this moment cannot lose it."""
        self.outcomes.append(outcome)
        self._arrived.set()

    async def wait_for_quorum(self) -> None:
        """Wait for a quorum of usable answers and then for the others, but not longer than the grace."""
        await self._wait_until(lambda: self.is_complete or len(self.usable) >= self.route.quorum)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.route.grace_ms / 1000):
                await self.complete()

    async def complete(self) -> None:
        """Wait until every slot has ended."""
        await self._wait_until(lambda: self.is_complete)

    async def _wait_until(self, is_so: Callable[[], bool]) -> None:
        while not is_so():
            self._arrived.clear()
            await self._arrived.wait()


@contextlib.asynccontextmanager
async def fan_out(
    route: Route,
    question: Question,
    *,
    emit: Emit,
    stop: asyncio.Event,
    kept: Sequence[Outcome] = (),
    gate: Gate | None = None,
) -> AsyncIterator[Panel]:
    """Ask every slot that has no outcome yet; a stop keeps what was written, leaving early does not.

    No provider hears of the question before the gate lets it through.
    """
    panel = Panel(route, list(kept), stop, gate)
    answered = {outcome.slot.candidate for outcome in kept}
    asking: list[asyncio.Task[None]] = []
    async with asyncio.TaskGroup() as group:

        def begin(slot: PanelSlot) -> None:
            asking.append(group.create_task(_ask(slot, question, panel, emit)))

        panel._begin = begin
        for slot in route.slots:
            if slot.candidate not in answered:
                begin(slot)
        stopping = group.create_task(_stop_all(stop, asking))
        try:
            yield panel
        finally:
            for task in (*asking, stopping):
                task.cancel()


async def _stop_all(stop: asyncio.Event, tasks: Sequence[asyncio.Task[None]]) -> None:
    await stop.wait()
    for task in tasks:
        task.cancel()


async def _ask(slot: PanelSlot, question: Question, panel: Panel, emit: Emit) -> None:
    attempt = _Attempt(slot, question, emit)
    with span("candidate") as told:
        deadline_ms = panel.route.deadline_ms
        try:
            if panel.stop.is_set():
                # It would be cancelled at its first wait, which may come after the request has left.
                raise asyncio.CancelledError
            async with limit_model_concurrency(slot.model, deadline_ms / 1000, attempt.emit_queue_position):
                await emit(CandidateStarted(slot.candidate, slot.attempt))
                # What it waited for its place it has no more.
                await attempt.run(max(MIN_DEADLINE_MS, deadline_ms - attempt.elapsed_ms()), panel.gate)
        except TimeoutError:
            attempt.fail(TimedOut("no place in time"))
        except ProviderError as error:
            attempt.fail(error)
        except asyncio.CancelledError:
            # A stop is an outcome like any other: what was written is kept and paid for.
            if not panel.stop.is_set():
                raise
            attempt.status, attempt.finish_reason = "stopped", "stopped"
        outcome = attempt.outcome()
        told.set_attributes(attempt.span_attributes(outcome))
    await emit(attempt.finished(outcome))
    panel.add(outcome)


class _Attempt:
    """One call to one model while it runs."""

    def __init__(self, slot: PanelSlot, question: Question, emit: Emit) -> None:
        self.slot, self.question, self.emit = slot, question, emit
        # The id follows from candidate and attempt, so that a call is kept once whoever keeps it.
        self.call_id = uuid.uuid5(uuid.NAMESPACE_OID, f"{slot.candidate}/{slot.attempt}")
        self.started = time.monotonic()
        self.text = ""
        self.ttft_ms: int | None = None
        self.status, self.finish_reason, self.error = "failed", "", ""
        self.messages = build_messages(slot.model, question)
        self.completion: Completion | None = None
        self.usage: TokenUsage | None = None
        self._next_look = LOOP_CHECK_CHARS

    async def run(self, deadline_ms: int, gate: Gate | None) -> None:
        """Stream the completion, telling every piece."""
        model = self.slot.model
        request = CompletionRequest(
            model=model,
            messages=self.messages,
            max_tokens=max_output_tokens(model, self.question),
            temperature=model.temperature,
            first_token_ms=min(model.first_token_ms, deadline_ms),
            stall_ms=model.stall_ms,
            deadline_ms=deadline_ms,
            gate=gate,
        )
        async with contextlib.aclosing(stream_completion(request)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Completion):
                    self.completion, self.usage = piece, piece.usage
                    continue
                await self._extend(piece.text)
                if self._has_lost_itself():
                    break
        self.status = "done"
        self.finish_reason = self.completion.finish_reason if self.completion else "loop"

    def _has_lost_itself(self) -> bool:
        # A small model that repeats itself would go on to its limit and keep the others waiting.
        if len(self.text) < self._next_look:
            return False
        # Longer texts are looked at less often: a look costs more than the tokens in between.
        self._next_look += max(LOOP_CHECK_CHARS, len(self.text) // LOOP_CHECK_SHARE)
        return is_repetitive(self.text)

    async def emit_queue_position(self, position: int) -> None:
        """Tell how many are to be served before this call."""
        await self.emit(CandidateQueued(self.slot.candidate, position))

    async def _extend(self, text: str) -> None:
        first = self.ttft_ms is None
        if first:
            self.ttft_ms = self.elapsed_ms()
        self.text += text
        await self.emit(CandidateDelta(self.slot.candidate, text, self.ttft_ms if first else None))

    def fail(self, error: ProviderError) -> None:
        """Remember why the call did not end well; an answer that only ran out of time stands as cut off."""
        self.usage = error.usage
        if self.text and error.code == TimedOut.code:
            self.status, self.finish_reason = "done", "deadline"
        else:
            self.status, self.error, self.finish_reason = "failed", error.code, "error"

    def outcome(self) -> Outcome:
        """Return how the call ended and what it cost, counted here when the provider did not say."""
        usage = self.usage or self._counted_usage()
        return Outcome(
            slot=self.slot,
            call_id=self.call_id,
            status=self.status,
            text=self.text or self.slot.past_text,
            finish_reason=self.finish_reason,
            error=self.error,
            usage=usage,
            cost_micros=cost_micros(self.slot.model, usage),
        )

    def finished(self, outcome: Outcome) -> CandidateFinished:
        """Return the event that tells the outcome."""
        return CandidateFinished(
            candidate=self.slot.candidate,
            status=outcome.status,
            finish_reason=outcome.finish_reason,
            error=outcome.error,
            ttft_ms=self.ttft_ms,
            duration_ms=self.elapsed_ms(),
            input_tokens=outcome.usage.input_tokens,
            output_tokens=outcome.usage.output_tokens,
            cost_micros=outcome.cost_micros,
        )

    def span_attributes(self, outcome: Outcome) -> dict[str, str | int]:
        """Return what a trace tells of the call: whom it went to, what it took, how it ended."""
        return {
            "model": self.slot.model.slug,
            "provider": self.slot.model.provider,
            "attempt": self.slot.attempt,
            "outcome": outcome.error or outcome.status,
            "ttft_ms": -1 if self.ttft_ms is None else self.ttft_ms,
            "input_tokens": outcome.usage.input_tokens,
            "output_tokens": outcome.usage.output_tokens,
        }

    def _counted_usage(self) -> TokenUsage:
        # A provider that was never reached read nothing; one that wrote something read the whole transcript.
        if not self.text:
            return TokenUsage(0, 0, "counted")
        read = sum(estimate_tokens(message.text) for message in self.messages)
        return TokenUsage(read, estimate_tokens(self.text), "counted")

    def elapsed_ms(self) -> int:
        """Return how long ago it was asked for."""
        return round((time.monotonic() - self.started) * 1000)
