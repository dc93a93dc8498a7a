"""One answer from several: written by the panel's best able model, or the winner as it stands."""

import asyncio
import contextlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aggregator.catalog import LanguageModel
from aggregator.events import AnswerDelta, AnswerStarted
from aggregator.pipeline.fan_out import Outcome
from aggregator.pipeline.messages import estimate_tokens, newest_that_fit
from aggregator.pipeline.shapes import Emit, Question, Ranking
from aggregator.providers import (
    ChatMessage,
    Completion,
    CompletionRequest,
    ProviderError,
    TokenUsage,
    cost_micros,
    stream_completion,
)

PROMPT = Path(__file__).parent.parent / "prompts" / "fuse.md"
INGREDIENTS = 3
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


def choose_fuser(question: Question, outcomes: Sequence[Outcome]) -> LanguageModel | None:
    """Return the best model of the panel that can write a fused answer, or None when none is able."""
    able = [
        outcome.seat.model
        for outcome in outcomes
        if outcome.seat.model.can_fuse and question.language in outcome.seat.model.languages
    ]
    return max(able, key=lambda model: (model.standing, model.slug), default=None)


async def fuse(
    question: Question,
    ranking: Ranking,
    outcomes: Sequence[Outcome],
    *,
    fuser: LanguageModel,
    emit: Emit,
    stop: asyncio.Event,
) -> Fusion:
    """Stream one answer from the best candidates, which the fuser sees without names and as data only."""
    messages = _compose(fuser, question, ranking, outcomes)
    request = CompletionRequest(
        model=fuser,
        messages=messages,
        max_tokens=fuser.output_limit,
        temperature=FUSE_TEMPERATURE,
        first_token_ms=fuser.first_token_ms,
        stall_ms=fuser.stall_ms,
        deadline_ms=FUSE_DEADLINE_MS,
    )
    sheet = _Sheet()
    await emit(AnswerStarted("fused", fuser.slug))
    writing = asyncio.create_task(sheet.write(request, emit))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({writing, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        writing.cancel()
        stopping.cancel()
        await asyncio.gather(writing, stopping, return_exceptions=True)
    if not writing.cancelled() and (failure := writing.exception()):
        raise failure
    error = "stopped" if writing.cancelled() else sheet.error
    usage = sheet.usage or _count(messages, sheet.text)
    return Fusion(fuser, uuid.uuid4(), sheet.text, usage, cost_micros(fuser, usage), error)


@dataclass(slots=True)
class _Sheet:
    """The fused answer while it is being written."""

    text: str = ""
    usage: TokenUsage | None = None
    error: str = ""

    async def write(self, request: CompletionRequest, emit: Emit) -> None:
        try:
            async with contextlib.aclosing(stream_completion(request)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Completion):
                        self.usage = piece.usage
                        continue
                    await emit(AnswerDelta(piece.text, first=not self.text))
                    self.text += piece.text
        except ProviderError as failure:
            self.error = failure.code


def _count(messages: Sequence[ChatMessage], text: str) -> TokenUsage:
    # A fuser that wrote nothing is taken to have read nothing.
    if not text:
        return TokenUsage(0, 0, "counted")
    read = sum(estimate_tokens(message.text) for message in messages)
    return TokenUsage(read, estimate_tokens(text), "counted")


def _compose(
    fuser: LanguageModel, question: Question, ranking: Ranking, outcomes: Sequence[Outcome]
) -> tuple[ChatMessage, ...]:
    texts = {outcome.seat.candidate: outcome.text for outcome in outcomes}
    best = [row.candidate for row in ranking.standings if row.candidate in texts][:INGREDIENTS]
    # A marker that no candidate can have guessed keeps its text from closing its own block.
    marker = secrets.token_hex(4)
    blocks = [
        f"<<<ANSWER {marker} {letter}>>>\n{texts[candidate]}\n<<<END {marker} {letter}>>>"
        for letter, candidate in zip("ABC", best, strict=False)
    ]
    system = "\n\n".join(part for part in (question.system_prompt, _read_prompt()) if part)
    ask = f"The request:\n\n{question.prompt}\n\n" + "\n\n".join(blocks)
    room = fuser.context_window - fuser.output_limit - estimate_tokens(system) - estimate_tokens(ask)
    history = [
        message
        for exchange in newest_that_fit(question.history, room)
        for message in (ChatMessage("user", exchange.prompt), ChatMessage("assistant", exchange.answer))
    ]
    return (ChatMessage("system", system), *history, ChatMessage("user", ask))


@cache
def _read_prompt() -> str:
    return PROMPT.read_text(encoding="utf-8")
