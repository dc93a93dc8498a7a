"""Streams completions of every provider through `litellm.acompletion`, which the first call imports."""

import asyncio
import os
from collections.abc import AsyncGenerator
from functools import cache, reduce
from typing import Any

import aiohttp

from aggregator.domain.sanitize import sanitize_text
from aggregator.providers.api_key import read_api_key
from aggregator.providers.http_session import shared_session
from aggregator.providers.token_usage import merge_usage, parse_usage
from aggregator.providers.types import (
    CompletionRequest,
    Piece,
    TokenUsage,
    as_wire_messages,
    sampling_arguments,
)


@cache
def load_litellm() -> Any:
    """Import litellm once, with its network calls, retries and logging of content switched off."""
    # Read during the import: otherwise litellm downloads its price table and loads a .env file.
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    os.environ["LITELLM_MODE"] = "PRODUCTION"
    import litellm

    litellm.telemetry = False
    litellm.drop_params = True
    litellm.suppress_debug_info = True
    litellm.turn_off_message_logging = True
    litellm.num_retries = 0
    litellm.callbacks = []
    return litellm


def _is_loaded() -> bool:
    return load_litellm.cache_info().currsize > 0


async def load_in_thread() -> None:
    """Import litellm in a thread, unless it is loaded: it takes seconds, which would block the event loop."""
    if not _is_loaded():
        await asyncio.to_thread(load_litellm)


def build_arguments(request: CompletionRequest) -> dict[str, Any]:
    """Return the arguments of `litellm.acompletion` for a request."""
    model = request.model
    arguments: dict[str, Any] = {
        "model": model.litellm_model,
        "messages": as_wire_messages(request.messages),
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "stream": True,
        "stream_options": {"include_usage": True},
        **sampling_arguments(request.sampling),
    }
    if model.extra:
        arguments["extra_body"] = dict(model.extra)
    return arguments


async def stream_pieces(request: CompletionRequest) -> AsyncGenerator[Piece, None]:
    """Stream a completion; errors are raised as litellm raises them."""
    if request.gate:
        await request.gate()
    stream = await load_litellm().acompletion(
        **build_arguments(request),
        api_base=request.model.api_base or None,
        api_key=read_api_key(request.model),
        timeout=request.deadline_ms / 1000,
        max_retries=0,
        num_retries=0,
        shared_session=shared_session(),
    )
    try:
        async for chunk in stream:
            if not chunk.choices:
                continue
            delta = chunk.choices[0].delta
            reasoning = getattr(delta, "reasoning_content", None)
            if delta.content or reasoning:
                yield Piece(text=sanitize_text(delta.content or ""), reasoning_chars=len(reasoning or ""))
        # The chunk that litellm adds at the end may hold its own count; the others hold the provider's.
        usage = reduce(merge_usage, map(read_usage, stream.chunks), None)
        yield Piece(finish_reason=_read_finish_reason(stream), usage=usage)
    finally:
        await stream.aclose()


def _read_finish_reason(stream: Any) -> str:
    # litellm ends every stream with "stop", also a cut one; these fields hold the provider's own reason.
    return stream.received_finish_reason or stream.intermittent_finish_reason or ""


def read_usage(chunk: Any) -> TokenUsage | None:
    """Return the usage that one of litellm's chunks reports; half a report, completed later, is common."""
    usage = getattr(chunk, "usage", None)
    return usage and parse_usage(usage.prompt_tokens or 0, usage.completion_tokens or 0)


async def close_clients() -> None:
    """Close the HTTP sessions that litellm opened itself; it opens new ones when needed."""
    if not _is_loaded():
        return
    litellm = load_litellm()
    for cached in (*litellm.in_memory_llm_clients_cache.cache_dict.values(), litellm.module_level_aclient):
        client = getattr(cached, "client", None) or getattr(cached, "_client", None)
        session = getattr(getattr(client, "_transport", None), "client", None)
        if isinstance(session, aiohttp.ClientSession) and not session.closed:
            await session.close()
