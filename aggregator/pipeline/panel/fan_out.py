"""Asks every model of the panel at once; each answer streams independently of the others."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence

from aggregator.domain.events import CandidateDelta, CandidateFinished, CandidateQueued, CandidateStarted
from aggregator.infra.telemetry import span
from aggregator.pipeline.chat_messages import (
    build_messages,
    choose_settings,
    count_message_tokens,
    count_usage,
)
from aggregator.pipeline.panel.call_cost import expect_call_seconds
from aggregator.pipeline.panel.panel import Outcome, Panel, make_call_id
from aggregator.pipeline.panel.repetition import RepetitionDetector, cut_loop, read_repetition_context
from aggregator.pipeline.routing.answer_forecast import expect_tokens
from aggregator.pipeline.types import Emit, PanelSlot, Question, Route
from aggregator.providers import (
    Busy,
    Completion,
    CompletionRequest,
    Gate,
    ProviderError,
    TimedOut,
    TokenUsage,
    cost_micros,
    stream_completion,
)
from aggregator.resilience.permits import PermitError, hold_permit
from aggregator.resilience.reading_speed import note_reading

MIN_DEADLINE_MS = 1_000
# What an answer costs its person's share of a model where nobody has forecast its length.
USUAL_ANSWER_TOKENS = 350


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
    """Ask every slot without an outcome in `kept`, and yield the panel.

    `stop` ends all calls and keeps their texts as outcomes; leaving the context cancels them. Requests are
    sent only after `gate` returns.
    """
    calls: list[asyncio.Task[None]] = []
    async with asyncio.TaskGroup() as group:

        def start_call(panel: Panel, slot: PanelSlot) -> None:
            panel.begun_at[slot.candidate] = time.monotonic()
            calls.append(group.create_task(_call_model(slot, question, panel, emit)))

        panel = Panel(route, list(kept), stop, gate, start_call)
        answered = {outcome.slot.candidate for outcome in kept}
        for slot in route.slots:
            if slot.candidate not in answered:
                start_call(panel, slot)
        stopping = group.create_task(_cancel_on_stop(stop, calls))
        try:
            yield panel
        finally:
            for task in (*calls, stopping):
                task.cancel()


async def _cancel_on_stop(stop: asyncio.Event, tasks: Sequence[asyncio.Task[None]]) -> None:
    await stop.wait()
    for task in tasks:
        task.cancel()


async def _call_model(slot: PanelSlot, question: Question, panel: Panel, emit: Emit) -> None:
    attempt = _Attempt(slot, question, emit)
    with span("candidate") as call_span:
        deadline_ms = panel.route.deadline_ms
        try:
            if panel.stop.is_set():
                # A cancellation takes effect at the first wait only, which may come after the request.
                raise asyncio.CancelledError
            async with hold_permit(
                slot.model,
                question.person,
                cost_seconds=attempt.expect_seconds(panel.route.plan.answer_tokens),
                within_s=deadline_ms / 1000,
                report=attempt.emit_queue_position,
            ):
                await emit(CandidateStarted(slot.candidate, slot.attempt))
                # The time spent in the queue counts towards the deadline.
                await attempt.run(max(MIN_DEADLINE_MS, deadline_ms - attempt.elapsed_ms()), panel.gate)
        except PermitError:
            attempt.fail(Busy("no free call"))
        except ProviderError as error:
            attempt.fail(error)
        except asyncio.CancelledError:
            # A stop is an outcome like any other: the text is kept and paid for.
            if not panel.stop.is_set():
                raise
            attempt.status, attempt.finish_reason = "stopped", "stopped"
        outcome = attempt.build_outcome()
        call_span.set_attributes(attempt.build_span_attributes(outcome))
    await emit(attempt.build_finished_event(outcome))
    panel.add_outcome(outcome)


class _Attempt:
    """One call to one model while it runs."""

    def __init__(self, slot: PanelSlot, question: Question, emit: Emit) -> None:
        self.slot, self.question, self.emit = slot, question, emit
        self.call_id = make_call_id(slot.candidate, slot.attempt)
        self.started = time.monotonic()
        self.text = ""
        self.ttft_ms: int | None = None
        self.status, self.finish_reason, self.error = "failed", "", ""
        self.messages = build_messages(slot.model, question)
        self.completion: Completion | None = None
        self.usage: TokenUsage | None = None
        self._repetition = RepetitionDetector(read_repetition_context(question.prompt))
        # What the model wrote and is paid for, which is more than is kept of a loop.
        self._written = ""
        self._requested_at = self.started

    async def run(self, deadline_ms: int, gate: Gate | None) -> None:
        """Stream the completion and emit its deltas."""
        model, self._requested_at = self.slot.model, time.monotonic()
        call_settings = choose_settings(model, self.question)
        request = CompletionRequest(
            model,
            self.messages,
            call_settings.max_tokens,
            call_settings.temperature,
            deadline_ms,
            gate,
            call_settings.sampling,
        )
        async with contextlib.aclosing(stream_completion(request)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Completion):
                    self.completion, self.usage = piece, piece.usage
                    note_reading(model, piece.usage.input_tokens, (piece.ttft_ms or 0) / 1000)
                    continue
                await self._extend(piece.text)
                if self._repetition.extend(piece.text):
                    await self._cut_loop()
                    break
        self.status = "done"
        self.finish_reason = self.completion.finish_reason if self.completion else "loop"

    async def _cut_loop(self) -> None:
        """Keep the text up to the end of the first copy of what the model repeats."""
        self.text = cut_loop(self.text, self._repetition.context)
        await self.emit(CandidateDelta(self.slot.candidate, self.text, self.ttft_ms))

    def expect_seconds(self, answer_tokens: int) -> float:
        """Return the expected seconds of the call where an average model writes `answer_tokens`."""
        model = self.slot.model
        tokens = expect_tokens(model, answer_tokens or USUAL_ANSWER_TOKENS)
        return expect_call_seconds(model, self.messages, tokens)

    async def emit_queue_position(self, position: int) -> None:
        """Emit the position in the queue for the model."""
        await self.emit(CandidateQueued(self.slot.candidate, position))

    async def _extend(self, text: str) -> None:
        is_first = self.ttft_ms is None
        if is_first:
            self.ttft_ms = self.elapsed_ms()
        self.text += text
        self._written = self.text
        await self.emit(CandidateDelta(self.slot.candidate, text, self.ttft_ms if is_first else None))

    def fail(self, error: ProviderError) -> None:
        """Record an error; a text that only ran out of time counts as done, cut off by the deadline."""
        self.usage = error.usage
        if error.code == TimedOut.code and not self.text:
            # It read no faster than that, so the next prompt has to be shorter.
            seconds = time.monotonic() - self._requested_at
            note_reading(self.slot.model, count_message_tokens(self.messages), seconds)
        if self.text and error.code == TimedOut.code:
            self.status, self.finish_reason = "done", "deadline"
        else:
            self.status, self.error, self.finish_reason = "failed", error.code, "error"

    def build_outcome(self) -> Outcome:
        """Return how the call ended and its cost, estimated when the provider reported no usage."""
        usage = self.usage or count_usage(self.messages, self._written)
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

    def build_finished_event(self, outcome: Outcome) -> CandidateFinished:
        """Return the event of the outcome."""
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

    def build_span_attributes(self, outcome: Outcome) -> dict[str, str | int]:
        """Return the attributes of the call's trace span."""
        return {
            "model": self.slot.model.slug,
            "provider": self.slot.model.provider,
            "attempt": self.slot.attempt,
            "outcome": outcome.error or outcome.status,
            "ttft_ms": -1 if self.ttft_ms is None else self.ttft_ms,
            "input_tokens": outcome.usage.input_tokens,
            "output_tokens": outcome.usage.output_tokens,
        }

    def elapsed_ms(self) -> int:
        """Return the time since the call was created."""
        return round((time.monotonic() - self.started) * 1000)
