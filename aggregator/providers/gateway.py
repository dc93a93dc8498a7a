"""Every provider through `litellm.acompletion`; the first call loads litellm, importing this does not."""

import asyncio
import os
from collections.abc import AsyncGenerator
from functools import cache, reduce
from typing import Any

import aiohttp
from django.conf import settings

from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.sanitize import sanitize_text
from aggregator.providers.sessions import shared_session
from aggregator.providers.token_usage import merge_usage, parse_usage
from aggregator.providers.types import CompletionRequest, Piece, TokenUsage, as_wire_messages

# Local servers take any key, but the clients inside litellm refuse to call without one.
PLACEHOLDER_KEY = "none"


@cache
def load_litellm() -> Any:
    """Import litellm once, with its own network calls, retries and logging of content off."""
    # Both are read while litellm is imported: else it fetches its price table and reads a stray .env.
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


def is_loaded() -> bool:
    """Say whether this process has litellm in memory."""
    return load_litellm.cache_info().currsize > 0


async def load_in_thread() -> None:
    """Load litellm if need be, in a thread: it takes seconds that the loop owes to other streams."""
    if not is_loaded():
        await asyncio.to_thread(load_litellm)


def read_api_key(model: LanguageModel) -> str:
    """Return the secret that opens a model's provider, read anew so that a changed one takes effect."""
    return (
        settings.READ_PROVIDER_SECRET(model.api_key_name) if model.api_key_name else ""
    ) or PLACEHOLDER_KEY


def make_arguments(request: CompletionRequest) -> dict[str, Any]:
    """Return a request in litellm's words."""
    model = request.model
    arguments: dict[str, Any] = {
        "model": model.litellm_model,
        "messages": as_wire_messages(request.messages),
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if model.extra:
        arguments["extra_body"] = dict(model.extra)
    return arguments


async def stream_pieces(request: CompletionRequest) -> AsyncGenerator[Piece, None]:
    """Stream a completion; whatever goes wrong is raised as litellm raises it."""
    if request.gate:
        await request.gate()
    stream = await load_litellm().acompletion(
        **make_arguments(request),
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
            thought = getattr(delta, "reasoning_content", None)
            if delta.content or thought:
                yield Piece(text=sanitize_text(delta.content or ""), reasoning_chars=len(thought or ""))
        yield Piece(finish_reason=_read_finish_reason(stream), usage=_read_usage(stream))
    finally:
        await stream.aclose()


def _read_finish_reason(stream: Any) -> str:
    # litellm ends every stream with "stop", also one that the provider cut; these hold what was really said.
    return stream.received_finish_reason or stream.intermittent_finish_reason or ""


def _read_usage(stream: Any) -> TokenUsage | None:
    # The chunk litellm makes up at the end may hold its own count; the raw chunks hold only the provider's.
    found = (usage for chunk in stream.chunks if (usage := getattr(chunk, "usage", None)))
    told = (parse_usage(usage.prompt_tokens or 0, usage.completion_tokens or 0) for usage in found)
    return reduce(merge_usage, told, None)


async def close_clients() -> None:
    """Close the HTTP sessions that litellm opened for itself; it opens new ones when it needs them."""
    if not is_loaded():
        return
    litellm = load_litellm()
    for kept in (*litellm.in_memory_llm_clients_cache.cache_dict.values(), litellm.module_level_aclient):
        client = getattr(kept, "client", None) or getattr(kept, "_client", None)
        session = getattr(getattr(client, "_transport", None), "client", None)
        if isinstance(session, aiohttp.ClientSession) and not session.closed:
            await session.close()
