"""Asks a model to compare the candidates before one answer is written from them (LLM as a judge)."""

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
from aggregator.pipeline.chat_messages import count_message_tokens
from aggregator.pipeline.fusion.fusion_inputs import FusionInputs
from aggregator.pipeline.fusion.judge_report import JudgeReport, JudgeReportError, parse_judge_report
from aggregator.pipeline.panel.call_cost import expect_call_seconds
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
from aggregator.resilience.permits import NOBODY, PermitError, Person, hold_permit

PROMPTS = Path(__file__).with_name("prompts")
JUDGE_PROMPT = "judge.md"
RETRY_PROMPT = "That was not the JSON object asked for. Reply with the JSON object and nothing else."
JUDGE_SECONDS = 25.0
JUDGE_TOKENS = 900
MAX_ATTEMPTS = 2
# The writer reads less text than this as well without a report.
MIN_CHARS_TO_JUDGE = 600


@dataclass(slots=True)
class JudgeUsage:
    """The tokens of all calls to a judge so far; an interrupted call counts with its whole input."""

    input_tokens: int = 0
    output_tokens: int = 0
    source: Literal["provider", "counted"] = "provider"
    call_id: uuid.UUID = field(default_factory=uuid.uuid4)

    def add_call(self, usage: TokenUsage, estimated_input: int) -> None:
        """Replace the estimated input of a call by its usage."""
        self.input_tokens += usage.input_tokens - estimated_input
        self.output_tokens += usage.output_tokens
        if usage.source == "counted":
            self.source = "counted"

    def to_judgement(self, model: LanguageModel, report: JudgeReport | None = None) -> "Judgement":
        """Return the judgement with the usage and cost so far."""
        usage = TokenUsage(self.input_tokens, self.output_tokens, self.source)
        return Judgement(model, self.call_id, usage, cost_micros(model, usage), report)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A judge's report with its usage and cost; the report is None when no reply was valid."""

    model: LanguageModel
    call_id: uuid.UUID
    usage: TokenUsage
    cost_micros: int
    report: JudgeReport | None


def is_worth_judging(fusion_inputs: FusionInputs) -> bool:
    """Return whether the candidates are long enough that a judge's report is worth its cost."""
    return sum(map(len, fusion_inputs.texts.values())) >= MIN_CHARS_TO_JUDGE


@traced("judge")
async def judge(
    question: Question,
    fusion_inputs: FusionInputs,
    *,
    model: LanguageModel,
    judge_usage: JudgeUsage | None = None,
) -> Judgement:
    """Ask a model for its report, and once more after an invalid reply; provider errors are not raised."""
    report: JudgeReport | None = None
    judge_usage = judge_usage or JudgeUsage()
    messages = build_judge_messages(question, fusion_inputs)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(JUDGE_SECONDS):
            for _ in range(MAX_ATTEMPTS):
                reply = await call_judge(model, messages, judge_usage, person=question.person)
                if not reply:
                    break
                with contextlib.suppress(JudgeReportError):
                    report = parse_judge_report(reply, tuple(fusion_inputs.texts), case=fusion_inputs.marker)
                    break
                # The reply is not repeated to the judge: an injected instruction in it would act twice.
                messages = (*build_judge_messages(question, fusion_inputs), ChatMessage("user", RETRY_PROMPT))
    return judge_usage.to_judgement(model, report)


def build_judge_messages(question: Question, fusion_inputs: FusionInputs) -> tuple[ChatMessage, ...]:
    """Return the task as the system message, and the request with the answers as the user message."""
    return ChatMessage("system", read_prompt(JUDGE_PROMPT)), ChatMessage(
        "user", fusion_inputs.as_text(question)
    )


async def call_judge(
    model: LanguageModel,
    messages: Sequence[ChatMessage],
    judge_usage: JudgeUsage,
    *,
    most_tokens: int = JUDGE_TOKENS,
    seconds: float = JUDGE_SECONDS,
    person: Person = NOBODY,
) -> str:
    """Return a judge's whole reply, or '' when there is none in time; its tokens are added to the usage."""
    max_tokens, deadline_ms = min(most_tokens, model.output_limit), round(seconds * 1000)
    request = CompletionRequest(model, tuple(messages), max_tokens, 0.0, deadline_ms)
    text, usage, estimated_input, is_whole = "", None, 0, False
    try:
        async with (
            hold_permit(
                model,
                person,
                cost_seconds=expect_call_seconds(model, messages, max_tokens),
                within_s=seconds,
            ),
            contextlib.aclosing(stream_completion(request)) as pieces,
        ):
            estimated_input = count_message_tokens(messages)
            judge_usage.input_tokens += estimated_input
            async for piece in pieces:
                if isinstance(piece, Completion):
                    usage, is_whole = piece.usage, True
                else:
                    text += piece.text
    except PermitError:
        pass
    except ProviderError as failure:
        usage = failure.usage
    # Without usage in the error, the provider was not reached and nothing was read.
    judge_usage.add_call(usage or TokenUsage(0, 0, "counted"), estimated_input)
    return text if is_whole else ""


@cache
def read_prompt(name: str) -> str:
    """Return the text of a file in the folder of prompts."""
    return (PROMPTS / name).read_text(encoding="utf-8")
