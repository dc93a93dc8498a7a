"""One answer from several: written by the panel's best able model, or the winner as it stands."""

import asyncio
import contextlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.events import AnswerDelta, AnswerStarted, ClaimsMapped
from aggregator.infra.telemetry import traced
from aggregator.pipeline.chat_messages import estimate_tokens, fit_history
from aggregator.pipeline.fusion.fusion_inputs import FusionInputs
from aggregator.pipeline.fusion.judge import Judgement, JudgeUsage, is_worth_judging, judge
from aggregator.pipeline.fusion.judge_report import JudgeReport
from aggregator.pipeline.panel.fair_semaphore import limit_model_concurrency
from aggregator.pipeline.panel.fan_out import Outcome
from aggregator.pipeline.types import Emit, Question
from aggregator.providers import (
    ChatMessage,
    Completion,
    CompletionRequest,
    ProviderError,
    TimedOut,
    TokenUsage,
    cost_micros,
    stream_completion,
)

PROMPTS = Path(__file__).with_name("prompts")
FUSE_PROMPT, REPORT_PROMPT = PROMPTS / "fuse.md", PROMPTS / "fuse_verdict.md"
FUSE_DEADLINE_MS = 60_000
FUSE_TEMPERATURE = 0.3


@dataclass(frozen=True, slots=True)
class Fusion:
    """A fused answer and what writing it took; `error` is set when it did not run to its end."""

    model: LanguageModel
    call_id: uuid.UUID
    text: str
    usage: TokenUsage
    cost_micros: int
    error: str = ""
    judgement: Judgement | None = None


def choose_fuser(question: Question, outcomes: Sequence[Outcome]) -> LanguageModel | None:
    """Return the best model of the panel that can write a fused answer, or None when none is able."""
    able = [
        outcome.slot.model
        for outcome in outcomes
        if outcome.slot.model.can_fuse and question.language in outcome.slot.model.languages
    ]
    return max(able, key=lambda model: (model.standing, model.slug), default=None)


@traced("fuse")
async def fuse(
    fusion_request: "FusionRequest", *, emit: Emit, stop: asyncio.Event, with_judge: bool = True
) -> Fusion:
    """Stream one answer from the best candidates, compared by a judge first where they are long enough.

    However it ends, also when it is cancelled, the request can be closed and tells what it took.
    """
    await emit(AnswerStarted("fused", fusion_request.fuser.slug))
    with_judge = with_judge and is_worth_judging(fusion_request.fusion_inputs)
    writing = asyncio.create_task(fusion_request.fill(emit, with_judge=with_judge))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({writing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        writing.cancel()
        stopping.cancel()
        await asyncio.gather(writing, stopping, return_exceptions=True)
    if not writing.cancelled() and (failure := writing.exception()):
        raise failure
    return fusion_request.close("stopped" if writing.cancelled() else "")


@dataclass(slots=True)
class FusionRequest:
    """The fused answer while it is being written; the ids of its calls follow from its `name`."""

    question: Question
    fusion_inputs: FusionInputs
    fuser: LanguageModel
    name: str
    messages: tuple[ChatMessage, ...] = ()
    text: str = ""
    usage: TokenUsage | None = None
    error: str = ""
    judgement: Judgement | None = None
    judge_usage: JudgeUsage = field(init=False)

    def __post_init__(self) -> None:
        self.judge_usage = JudgeUsage(call_id=self._call_id("judge"))

    def _call_id(self, purpose: str) -> uuid.UUID:
        return uuid.uuid5(uuid.NAMESPACE_OID, f"{self.name}/{purpose}")

    def close(self, error: str = "") -> Fusion:
        """Return what stands on it and what it has taken so far."""
        if self.judgement is None and self.judge_usage.read:
            # Stopped while the judge read: what it was sent is paid for.
            self.judgement = self.judge_usage.close(self.fuser)
        return Fusion(
            self.fuser,
            self._call_id("fuse"),
            self.text,
            usage := self.usage or _estimate_usage(self.messages, self.text),
            cost_micros(self.fuser, usage),
            error or self.error,
            judgement=self.judgement,
        )

    def restore(self, text: str) -> Fusion:
        """Return what it took to write this much of it, for a process that did not live to tell."""
        self.messages, self.text = _build_messages(self.fuser, self.question, self.fusion_inputs, None), text
        return self.close()

    async def fill(self, emit: Emit, *, with_judge: bool) -> None:
        report = None
        if with_judge:
            self.judgement = await judge(
                self.question, self.fusion_inputs, model=self.fuser, judge_usage=self.judge_usage
            )
            report = self.judgement.report
        if report and (claims := report.as_claims(self.fusion_inputs.candidates)):
            await emit(ClaimsMapped(claims))
        self.messages = _build_messages(self.fuser, self.question, self.fusion_inputs, report)
        await self._write(emit)
        if self.fusion_inputs.marker in self.text:
            # Whoever repeats the fences has not written an answer.
            self.error = self.error or "malformed"

    async def _write(self, emit: Emit) -> None:
        request = CompletionRequest(
            model=self.fuser,
            messages=self.messages,
            max_tokens=self.fuser.output_limit,
            temperature=FUSE_TEMPERATURE,
            first_token_ms=self.fuser.first_token_ms,
            stall_ms=self.fuser.stall_ms,
            deadline_ms=FUSE_DEADLINE_MS,
        )
        try:
            async with (
                limit_model_concurrency(self.fuser, FUSE_DEADLINE_MS / 1000),
                contextlib.aclosing(stream_completion(request)) as pieces,
            ):
                async for piece in pieces:
                    if isinstance(piece, Completion):
                        self.usage = piece.usage
                        continue
                    await emit(AnswerDelta(piece.text, first=not self.text))
                    self.text += piece.text
        except TimeoutError:
            self.error = TimedOut.code
        except ProviderError as failure:
            self.error, self.usage = failure.code, failure.usage


def _estimate_usage(messages: Sequence[ChatMessage], text: str) -> TokenUsage:
    # A fuser that wrote nothing is taken to have read nothing.
    if not text:
        return TokenUsage(0, 0, "counted")
    read = sum(estimate_tokens(message.text) for message in messages)
    return TokenUsage(read, estimate_tokens(text), "counted")


def _build_messages(
    fuser: LanguageModel, question: Question, fusion_inputs: FusionInputs, report: JudgeReport | None
) -> tuple[ChatMessage, ...]:
    system = "\n\n".join(part for part in (question.system_prompt, _read_prompt(FUSE_PROMPT)) if part)
    ask = fusion_inputs.as_text(question)
    if report:
        ask = f"{ask}\n\n{_read_prompt(REPORT_PROMPT).strip()}\n\n{report.as_text()}"
    room = fuser.context_window - fuser.output_limit - estimate_tokens(system) - estimate_tokens(ask)
    history = [
        message
        for exchange in fit_history(question.history, room)
        for message in (ChatMessage("user", exchange.prompt), ChatMessage("assistant", exchange.answer))
    ]
    return (ChatMessage("system", system), *history, ChatMessage("user", ask))


@cache
def _read_prompt(path: Path) -> str:
    return path.read_text(encoding="utf-8")
