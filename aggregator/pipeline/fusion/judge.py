"""A reader that compares the candidates before one answer is written from them."""

import asyncio
import contextlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

from aggregator.catalog.catalog import LanguageModel
from aggregator.infra.telemetry import traced
from aggregator.pipeline.chat_messages import estimate_tokens
from aggregator.pipeline.fusion.fusion_inputs import FusionInputs
from aggregator.pipeline.fusion.judge_report import JudgeReport, JudgeReportError, parse_judge_report
from aggregator.pipeline.panel.fair_semaphore import limit_model_concurrency
from aggregator.pipeline.types import Question
from aggregator.providers import (
    ChatMessage,
    Completion,
    CompletionRequest,
    ProviderError,
    TokenUsage,
    cost_micros,
    stream_completion,
)

PROMPT = Path(__file__).with_name("prompts") / "judge.md"
RETRY_PROMPT = "That was not the JSON object asked for. Reply with the JSON object and nothing else."
JUDGE_SECONDS = 25.0
JUDGE_TOKENS = 900
MAX_ATTEMPTS = 2
# Less text than this is read as fast by whoever writes the answer.
MIN_CHARS_TO_JUDGE = 600


@dataclass(slots=True)
class JudgeUsage:
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

    def close(self, model: LanguageModel, report: JudgeReport | None = None) -> "Judgement":
        """Return the judgement that these calls cost."""
        usage = TokenUsage(self.read, self.written, self.source)
        return Judgement(model, self.call_id, usage, cost_micros(model, usage), report)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a judge was asked and said; the report is None when it never said it in form."""

    model: LanguageModel
    call_id: uuid.UUID
    usage: TokenUsage
    cost_micros: int
    report: JudgeReport | None


def is_worth_judging(fusion_inputs: FusionInputs) -> bool:
    """Tell whether there is enough text that a reading of its own pays."""
    return sum(map(len, fusion_inputs.texts.values())) >= MIN_CHARS_TO_JUDGE


@traced("judge")
async def judge(
    question: Question,
    fusion_inputs: FusionInputs,
    *,
    model: LanguageModel,
    judge_usage: JudgeUsage | None = None,
) -> Judgement:
    """Ask a model for its report, once more when it is not in form; never raises for what the model does."""
    report: JudgeReport | None = None
    judge_usage = judge_usage or JudgeUsage()
    messages = build_judge_messages(question, fusion_inputs)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(JUDGE_SECONDS):
            for _ in range(MAX_ATTEMPTS):
                reply = await _ask(model, messages, judge_usage)
                if not reply:
                    break
                with contextlib.suppress(JudgeReportError):
                    report = parse_judge_report(reply, tuple(fusion_inputs.texts), case=fusion_inputs.marker)
                    break
                # The reply itself is not shown again: whoever steered it would be heard twice.
                messages = (*build_judge_messages(question, fusion_inputs), ChatMessage("user", RETRY_PROMPT))
    return judge_usage.close(model, report)


def build_judge_messages(question: Question, fusion_inputs: FusionInputs) -> tuple[ChatMessage, ...]:
    """Return what a judge is told: its task as the system's word, request and answers as material."""
    return ChatMessage("system", _read_prompt()), ChatMessage("user", fusion_inputs.as_text(question))


async def _ask(model: LanguageModel, messages: Sequence[ChatMessage], judge_usage: JudgeUsage) -> str:
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
            limit_model_concurrency(model, JUDGE_SECONDS),
            contextlib.aclosing(stream_completion(request)) as pieces,
        ):
            sent = sum(estimate_tokens(message.text) for message in messages)
            judge_usage.read += sent
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
    judge_usage.add(usage, sent)
    return text if is_whole else ""


@cache
def _read_prompt() -> str:
    return PROMPT.read_text(encoding="utf-8")
