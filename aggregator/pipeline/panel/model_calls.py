"""One call to one language model: its id, its request, its place among the model's calls, its usage."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

from aggregator.catalog.catalog import LanguageModel
from aggregator.infra.fair_semaphore import FairSemaphore, ReportPosition
from aggregator.infra.loop_runtime import PerLoop, per_loop
from aggregator.pipeline.chat_messages import count_message_tokens
from aggregator.providers import (
    ChatMessage,
    Completion,
    CompletionRequest,
    Delta,
    Gate,
    TokenUsage,
    overestimate_tokens,
    stream_completion,
)

_semaphores: PerLoop[dict[str, FairSemaphore]] = per_loop(dict)


def make_call_id(*parts: str | int) -> uuid.UUID:
    """Return the id that follows from what a call is for, so that a repeated call is recorded once."""
    return uuid.uuid5(uuid.NAMESPACE_OID, "/".join(map(str, parts)))


def count_usage(messages: Sequence[ChatMessage], text: str) -> TokenUsage:
    """Return the estimated usage of a call that its provider did not report.

    A call without any text has no usage: its provider may never have been reached.
    """
    if not text:
        return TokenUsage(0, 0, "counted")
    return TokenUsage(count_message_tokens(messages), overestimate_tokens(text), "counted")


def make_request(
    model: LanguageModel,
    messages: Sequence[ChatMessage],
    *,
    max_tokens: int,
    temperature: float,
    deadline_ms: int,
    gate: Gate | None = None,
) -> CompletionRequest:
    """Return a request with the model's own time limits, within the deadline."""
    return CompletionRequest(
        model=model,
        messages=tuple(messages),
        max_tokens=max_tokens,
        temperature=temperature,
        first_token_ms=min(model.first_token_ms, deadline_ms),
        stall_ms=model.stall_ms,
        deadline_ms=deadline_ms,
        gate=gate,
    )


@contextlib.asynccontextmanager
async def limit_model_concurrency(
    model: LanguageModel, within_s: float, report: ReportPosition | None = None
) -> AsyncIterator[None]:
    """Hold one of the calls that a model serves at once in this process; raises TimeoutError."""
    semaphores = _semaphores()
    if model.slug not in semaphores:
        semaphores[model.slug] = FairSemaphore(model.concurrency)
    async with contextlib.AsyncExitStack() as held:
        async with asyncio.timeout(within_s):
            await held.enter_async_context(semaphores[model.slug].acquire(report or _ignore_position))
        yield


@contextlib.asynccontextmanager
async def stream_with_limits(
    request: CompletionRequest,
) -> AsyncIterator[AsyncGenerator[Delta | Completion, None]]:
    """Open a completion's stream once the model has a free call; waits for one up to the deadline."""
    async with (
        limit_model_concurrency(request.model, request.deadline_ms / 1000),
        contextlib.aclosing(stream_completion(request)) as pieces,
    ):
        yield pieces


async def _ignore_position(position: int) -> None:
    del position
