"""One answer from several: written by the panel's best able model, or the winner as it stands."""

import asyncio
import contextlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from aggregator.catalog import LanguageModel
from aggregator.events import AnswerDelta, AnswerStarted, ClaimsMapped
from aggregator.pipeline.fan_out import Outcome
from aggregator.pipeline.ingredients import Ingredients
from aggregator.pipeline.judge import Judgement, Tab, is_worth_judging, judge
from aggregator.pipeline.messages import estimate_tokens, newest_that_fit
from aggregator.pipeline.shapes import Emit, Question
from aggregator.pipeline.turnstile import place_at
from aggregator.pipeline.verdict import Verdict
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
from aggregator.telemetry import traced

PROMPTS = Path(__file__).parent.parent / "prompts"
PROMPT, VERDICT_PROMPT = PROMPTS / "fuse.md", PROMPTS / "fuse_verdict.md"
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
        outcome.seat.model
        for outcome in outcomes
        if outcome.seat.model.can_fuse and question.language in outcome.seat.model.languages
    ]
    return max(able, key=lambda model: (model.standing, model.slug), default=None)


@traced("fuse")
async def fuse(sheet: "Sheet", *, emit: Emit, stop: asyncio.Event, judges: bool = True) -> Fusion:
    """Stream one answer from the best candidates, compared by a judge first where they are long enough.

    However it ends, also when it is cancelled, the sheet can be closed and tells what it took.
    """
    await emit(AnswerStarted("fused", sheet.fuser.slug))
    judges = judges and is_worth_judging(sheet.ingredients)
    writing = asyncio.create_task(sheet.fill(emit, judges=judges))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({writing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        writing.cancel()
        stopping.cancel()
        await asyncio.gather(writing, stopping, return_exceptions=True)
    if not writing.cancelled() and (failure := writing.exception()):
        raise failure
    return sheet.close("stopped" if writing.cancelled() else "")


@dataclass(slots=True)
class Sheet:
    """The fused answer while it is being written; the ids of its calls follow from its `name`."""

    question: Question
    ingredients: Ingredients
    fuser: LanguageModel
    name: str
    messages: tuple[ChatMessage, ...] = ()
    text: str = ""
    usage: TokenUsage | None = None
    error: str = ""
    judgement: Judgement | None = None
    tab: Tab = field(init=False)

    def __post_init__(self) -> None:
        self.tab = Tab(call_id=self._call_id("judge"))

    def _call_id(self, purpose: str) -> uuid.UUID:
        return uuid.uuid5(uuid.NAMESPACE_OID, f"{self.name}/{purpose}")

    def close(self, error: str = "") -> Fusion:
        """Return what stands on it and what it has taken so far."""
        if self.judgement is None and self.tab.read:
            # Stopped while the judge read: what it was sent is paid for.
            self.judgement = self.tab.close(self.fuser)
        return Fusion(
            self.fuser,
            self._call_id("fuse"),
            self.text,
            usage := self.usage or _count(self.messages, self.text),
            cost_micros(self.fuser, usage),
            error or self.error,
            judgement=self.judgement,
        )

    def recall(self, text: str) -> Fusion:
        """Return what it took to write this much of it, for a process that did not live to tell."""
        self.messages, self.text = _compose(self.fuser, self.question, self.ingredients, None), text
        return self.close()

    async def fill(self, emit: Emit, *, judges: bool) -> None:
        verdict = None
        if judges:
            self.judgement = await judge(self.question, self.ingredients, model=self.fuser, tab=self.tab)
            verdict = self.judgement.verdict
        if verdict and (claims := verdict.as_claims(self.ingredients.candidates)):
            await emit(ClaimsMapped(claims))
        self.messages = _compose(self.fuser, self.question, self.ingredients, verdict)
        await self._write(emit)
        if self.ingredients.marker in self.text:
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
                place_at(self.fuser, FUSE_DEADLINE_MS / 1000),
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


def _count(messages: Sequence[ChatMessage], text: str) -> TokenUsage:
    # A fuser that wrote nothing is taken to have read nothing.
    if not text:
        return TokenUsage(0, 0, "counted")
    read = sum(estimate_tokens(message.text) for message in messages)
    return TokenUsage(read, estimate_tokens(text), "counted")


def _compose(
    fuser: LanguageModel, question: Question, ingredients: Ingredients, verdict: Verdict | None
) -> tuple[ChatMessage, ...]:
    system = "\n\n".join(part for part in (question.system_prompt, _read_prompt(PROMPT)) if part)
    ask = ingredients.as_text(question)
    if verdict:
        ask = f"{ask}\n\n{_read_prompt(VERDICT_PROMPT).strip()}\n\n{verdict.as_text()}"
    room = fuser.context_window - fuser.output_limit - estimate_tokens(system) - estimate_tokens(ask)
    history = [
        message
        for exchange in newest_that_fit(question.history, room)
        for message in (ChatMessage("user", exchange.prompt), ChatMessage("assistant", exchange.answer))
    ]
    return (ChatMessage("system", system), *history, ChatMessage("user", ask))


@cache
def _read_prompt(path: Path) -> str:
    return path.read_text(encoding="utf-8")
