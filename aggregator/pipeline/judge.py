"""A reader that compares the candidates before one answer is written from them."""

import asyncio
import contextlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

from aggregator.catalog import LanguageModel
from aggregator.pipeline.ingredients import Ingredients
from aggregator.pipeline.messages import estimate_tokens
from aggregator.pipeline.shapes import Question
from aggregator.pipeline.turnstile import place_at
from aggregator.pipeline.verdict import Verdict, VerdictError, read_verdict
from aggregator.providers import (
    ChatMessage,
    Completion,
    CompletionRequest,
    ProviderError,
    TokenUsage,
    cost_micros,
    stream_completion,
)
from aggregator.telemetry import traced

PROMPT = Path(__file__).parent.parent / "prompts" / "judge.md"
AGAIN = "That was not the JSON object asked for. Reply with the JSON object and nothing else."
JUDGE_SECONDS = 25.0
JUDGE_TOKENS = 900
ASKED_AT_MOST = 2
# Less text than this is read as fast by whoever writes the answer.
WORTH_CHARS = 600


@dataclass(slots=True)
class Tab:
    """The tokens of all calls to a judge so far; one that breaks off has read what it was sent."""

    read: int = 0
    written: int = 0
    source: Literal["provider", "counted"] = "provider"
    call_id: uuid.UUID = field(default_factory=uuid.uuid4)

    def add(self, usage: TokenUsage, sent: int) -> None:
        """Put what a call took in the place of what it was sent."""
        self.read += usage.input_tokens - sent
        self.written += usage.output_tokens
        if usage.source == "counted":
            self.source = "counted"

    def close(self, model: LanguageModel, verdict: Verdict | None = None) -> "Judgement":
        """Return the judgement that these calls cost."""
        usage = TokenUsage(self.read, self.written, self.source)
        return Judgement(model, self.call_id, usage, cost_micros(model, usage), verdict)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge was asked and said; the verdict is None when it never said it in form."""

    model: LanguageModel
    call_id: uuid.UUID
    usage: TokenUsage
    cost_micros: int
    verdict: Verdict | None


def is_worth_judging(ingredients: Ingredients) -> bool:
    """Tell whether there is enough text that a reading of its own pays."""
    return sum(map(len, ingredients.texts.values())) >= WORTH_CHARS


@traced("judge")
async def judge(
    question: Question, ingredients: Ingredients, *, model: LanguageModel, tab: Tab | None = None
) -> Judgement:
    """Ask a model for its verdict, once more when it is not in form; never raises for what the model does."""
    verdict: Verdict | None = None
    tab = tab or Tab()
    messages = compose_judging(question, ingredients)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(JUDGE_SECONDS):
            for _ in range(ASKED_AT_MOST):
                reply = await _ask(model, messages, tab)
                if not reply:
                    break
                with contextlib.suppress(VerdictError):
                    verdict = read_verdict(reply, tuple(ingredients.texts), case=ingredients.marker)
                    break
                # The reply itself is not shown again: whoever steered it would be heard twice.
                messages = (*compose_judging(question, ingredients), ChatMessage("user", AGAIN))
    return tab.close(model, verdict)


def compose_judging(question: Question, ingredients: Ingredients) -> tuple[ChatMessage, ...]:
    """Return what a judge is told: its task as the system's word, request and answers as material."""
    return ChatMessage("system", _read_prompt()), ChatMessage("user", ingredients.as_text(question))


async def _ask(model: LanguageModel, messages: Sequence[ChatMessage], tab: Tab) -> str:
    request = CompletionRequest(
        model=model,
        messages=tuple(messages),
        max_tokens=min(JUDGE_TOKENS, model.output_limit),
        temperature=0.0,
        first_token_ms=model.first_token_ms,
        stall_ms=model.stall_ms,
        deadline_ms=round(JUDGE_SECONDS * 1000),
    )
    text, usage, sent, is_whole = "", None, 0, False
    try:
        async with (
            place_at(model, JUDGE_SECONDS),
            contextlib.aclosing(stream_completion(request)) as pieces,
        ):
            sent = sum(estimate_tokens(message.text) for message in messages)
            tab.read += sent
            async for piece in pieces:
                if isinstance(piece, Completion):
                    usage, is_whole = piece.usage, True
                else:
                    text += piece.text
    except TimeoutError:
        pass
    except ProviderError as failure:
        usage = failure.usage
    # A judge that gave no sign is taken to have read nothing.
    usage = usage or TokenUsage(0, 0, "counted")
    tab.add(usage, sent)
    return text if is_whole else ""


@cache
def _read_prompt() -> str:
    return PROMPT.read_text(encoding="utf-8")
