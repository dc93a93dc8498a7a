"""Lists the models that an OpenAI-compatible server serves."""

import json
from dataclasses import dataclass
from typing import Any

import aiohttp

from aggregator.providers.error_mapping import map_error
from aggregator.providers.errors import Malformed

DEADLINE_S = 4.0
MAX_BYTES = 4_000_000
MAX_MODELS = 50
ANTHROPIC_KEY_HEADER = "x-api-key"
ANTHROPIC_VERSION = "2023-06-01"


@dataclass(frozen=True, slots=True)
class ServedModel:
    """One model of a server; fields that the server leaves out are 0 or empty.

    `standing` is our extension: a self-hosted server may give its models' quality, in 0-1, in `meta`.
    """

    name: str
    context_window: int = 0
    title: str = ""
    standing: float = 0.0


async def list_served_models(
    api_base: str, key: str, *, key_header: str = "", limit: int = MAX_MODELS
) -> tuple[ServedModel, ...]:
    """Return the models that a server lists; raises ProviderError for an error, a timeout or a bad format."""
    headers = _build_headers(key, key_header)
    timeout = aiohttp.ClientTimeout(total=DEADLINE_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
            session.get(f"{api_base.rstrip('/')}/models", headers=headers) as response,
        ):
            response.raise_for_status()
            body = await response.content.read(MAX_BYTES)
            while len(body) < MAX_BYTES and (more := await response.content.read(MAX_BYTES - len(body))):
                body += more
    except (aiohttp.ClientError, TimeoutError) as error:
        failure = map_error(error, has_text=False)
    else:
        return _read_models(body)[:limit]
    raise failure


def _build_headers(key: str, key_header: str) -> dict[str, str]:
    if not key:
        return {}
    if key_header == ANTHROPIC_KEY_HEADER:
        return {key_header: key, "anthropic-version": ANTHROPIC_VERSION}
    return {"Authorization": f"Bearer {key}"}


def _read_models(body: bytes) -> tuple[ServedModel, ...]:
    try:
        rows = json.loads(body)["data"]
        named = [row for row in rows if isinstance(row.get("id"), str) and row["id"]]
    except (ValueError, LookupError, TypeError, AttributeError):
        named = None
    if named is None:
        raise Malformed("a list of models is not of the protocol")
    return tuple(_read_model(row) for row in named)


def _read_model(row: dict[str, Any]) -> ServedModel:
    title, meta = row.get("name") or row.get("display_name"), row.get("meta")
    value = meta.get("standing") if isinstance(meta, dict) else None
    standing = float(value) if isinstance(value, int | float) and 0 < value <= 1 else 0.0
    return ServedModel(row["id"], _read_window(row), title if isinstance(title, str) else "", standing)


def _read_window(row: dict[str, Any]) -> int:
    # Of vLLM, OpenRouter and Anthropic, in this order; llama.cpp gives meta.n_ctx_train, Ollama nothing.
    meta = row.get("meta")
    names = ("max_model_len", "context_length", "max_input_tokens")
    found = next((row[name] for name in names if row.get(name)), None)
    found = found or (meta.get("n_ctx_train") if isinstance(meta, dict) else 0)
    return found if isinstance(found, int) and 0 < found < 10_000_000 else 0
