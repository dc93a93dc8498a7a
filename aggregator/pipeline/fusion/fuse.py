"""Writes one answer from several candidates with the best model of the panel that can fuse."""

import asyncio
import contextlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.events import AnswerDelta, AnswerStarted, ClaimsMapped
from aggregator.domain.turn_state import TurnState
from aggregator.infra.concurrency import run_in_cpu_pool
from aggregator.infra.telemetry import traced
from aggregator.pipeline.chat_messages import count_usage, fit_history, merge_prompts
from aggregator.pipeline.fusion.fusion_inputs import FusionInputs, select_fusion_inputs
from aggregator.pipeline.fusion.judge import Judgement, JudgeUsage, is_worth_judging, judge, read_prompt
from aggregator.pipeline.fusion.judge_claims import quote_claims
from aggregator.pipeline.fusion.judge_report import JudgeReport
from aggregator.pipeline.panel.call_cost import expect_call_seconds
from aggregator.pipeline.panel.panel import Outcome, make_call_id
from aggregator.pipeline.types import Emit, Question, Ranking
from aggregator.providers import (
    Busy,
    ChatMessage,
    Completion,
    CompletionRequest,
    ProviderError,
    TokenUsage,
    cost_micros,
    overestimate_tokens,
    stream_completion,
)
from aggregator.resilience.permits import PermitError, hold_permit

FUSE_PROMPT, REPORT_PROMPT = "fuse.md", "fuse_verdict.md"
FUSE_DEADLINE_MS = 60_000
FUSE_TEMPERATURE = 0.3


@dataclass(frozen=True, slots=True)
class Fusion:
    """A fused answer with its usage and cost; `error` is set when it was not finished."""

    model: LanguageModel
    call_id: uuid.UUID
    text: str
    usage: TokenUsage
    cost_micros: int
    error: str = ""
    judgement: Judgement | None = None


def choose_fuser(question: Question, outcomes: Sequence[Outcome]) -> LanguageModel | None:
    """Return the panel's best model that can fuse in the question's language, or None."""
    capable = [
        outcome.slot.model
        for outcome in outcomes
        if outcome.slot.model.can_fuse and question.language in outcome.slot.model.languages
    ]
    return max(capable, key=lambda model: (model.standing, model.slug), default=None)


@traced("fuse")
async def fuse(
    request: "FusionRequest", *, emit: Emit, stop: asyncio.Event, with_judge: bool = True
) -> Fusion:
    """Stream one answer from the candidates; a judge compares them first when they are long enough.

    After an exception or a cancellation, `request.to_fusion()` still returns the text and usage so far.
    """
    await emit(AnswerStarted("fused", request.fuser.slug))
    with_judge = with_judge and is_worth_judging(request.fusion_inputs)
    writing = asyncio.create_task(request.write(emit, with_judge=with_judge))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({writing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        writing.cancel()
        stopping.cancel()
        await asyncio.gather(writing, stopping, return_exceptions=True)
    if not writing.cancelled() and (failure := writing.exception()):
        raise failure
    return request.to_fusion("stopped" if writing.cancelled() else "")


@dataclass(slots=True)
class FusionRequest:
    """What a fused answer is written from, and its text and usage so far; `key` determines its calls' ids."""

    question: Question
    fusion_inputs: FusionInputs
    fuser: LanguageModel
    key: str
    messages: tuple[ChatMessage, ...] = ()
    text: str = ""
    usage: TokenUsage | None = None
    error: str = ""
    judgement: Judgement | None = None
    judge_usage: JudgeUsage = field(init=False)

    def __post_init__(self) -> None:
        self.judge_usage = JudgeUsage(call_id=make_call_id(self.key, "judge"))

    def to_fusion(self, error: str = "") -> Fusion:
        """Return the text, usage and cost so far."""
        if self.judgement is None and self.judge_usage.input_tokens:
            # The judge was interrupted: its input is paid for.
            self.judgement = self.judge_usage.to_judgement(self.fuser)
        usage = self.usage or count_usage(self.messages, self.text)
        return Fusion(
            self.fuser,
            make_call_id(self.key, "fuse"),
            self.text,
            usage,
            cost_micros(self.fuser, usage),
            error or self.error,
            judgement=self.judgement,
        )

    async def write(self, emit: Emit, *, with_judge: bool) -> None:
        """Ask the judge, emit its claims, and stream the answer."""
        report = None
        if with_judge:
            self.judgement = await judge(
                self.question, self.fusion_inputs, model=self.fuser, judge_usage=self.judge_usage
            )
            report = self.judgement.report
        if report and (claims := await run_in_cpu_pool(quote_claims, report, self.fusion_inputs)):
            await emit(ClaimsMapped(claims))
        self.messages = _build_messages(self.fuser, self.question, self.fusion_inputs, report)
        await self._stream(emit)
        if self.fusion_inputs.marker in self.text:
            # A text that repeats the secret marker quotes its input instead of answering.
            self.error = self.error or "malformed"

    async def _stream(self, emit: Emit) -> None:
        fuser = self.fuser
        max_tokens = min(fuser.output_limit, self.question.sampling.max_tokens or fuser.output_limit)
        request = CompletionRequest(fuser, self.messages, max_tokens, FUSE_TEMPERATURE, FUSE_DEADLINE_MS)
        try:
            async with (
                hold_permit(
                    fuser,
                    self.question.person,
                    cost_seconds=expect_call_seconds(fuser, self.messages, max_tokens),
                    within_s=FUSE_DEADLINE_MS / 1000,
                ),
                contextlib.aclosing(stream_completion(request)) as pieces,
            ):
                async for piece in pieces:
                    if isinstance(piece, Completion):
                        self.usage = piece.usage
                        continue
                    await emit(AnswerDelta(piece.text, first=not self.text))
                    self.text += piece.text
        except PermitError:
            self.error = Busy.code
        except ProviderError as failure:
            self.error, self.usage = failure.code, failure.usage


def make_fusion_key(state: TurnState, number: int) -> str:
    """Return the key of a turn's fused answer; `number` counts the fused answers that were begun."""
    return f"{state.turn}/{state.attempt}/{number}"


def restore_fusion(
    state: TurnState, models: Sequence[LanguageModel], question: Question, outcomes: Sequence[Outcome]
) -> Fusion | None:
    """Return the fused answer of an earlier pass with its estimated usage, or None when there is none."""
    fuser = next((model for model in models if model.slug == state.answer_model), None)
    if state.answer_kind != "fused" or not state.answer_text or fuser is None or state.ranking is None:
        return None
    stored = state.ranking
    ranking = Ranking(
        stored.standings, stored.agreeing, stored.compared, stored.confidence, is_calibrated=True
    )
    fusion_inputs = select_fusion_inputs(ranking, outcomes)
    request = FusionRequest(question, fusion_inputs, fuser, make_fusion_key(state, state.answers_begun))
    request.messages = _build_messages(fuser, question, fusion_inputs, None)
    request.text = state.answer_text
    fusion = request.to_fusion()
    return replace(fusion, cost_micros=state.answer_cost_micros) if state.answer_is_finished else fusion


def _build_messages(
    fuser: LanguageModel, question: Question, fusion_inputs: FusionInputs, report: JudgeReport | None
) -> tuple[ChatMessage, ...]:
    system = "\n\n".join(part for part in (question.system_prompt, read_prompt(FUSE_PROMPT)) if part)
    prompt = fusion_inputs.as_text(question)
    if report:
        prompt = f"{prompt}\n\n{read_prompt(REPORT_PROMPT).strip()}\n\n{report.as_text()}"
    room = (
        fuser.context_window - fuser.output_limit - overestimate_tokens(system) - overestimate_tokens(prompt)
    )
    history = fit_history(question.history, room)
    messages = merge_prompts([*history, ChatMessage("user", prompt)])
    return (ChatMessage("system", system), *messages)
