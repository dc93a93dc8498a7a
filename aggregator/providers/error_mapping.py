"""Maps errors of litellm, aiohttp and httpx to ours by class name and status, importing none of them."""

import asyncio
import json
import logging
import re

from aggregator.providers.errors import (
    AuthFailed,
    BadRequest,
    ContextTooLong,
    CutOff,
    Malformed,
    ProviderError,
    RateLimited,
    Refused,
    ServerFailed,
    TimedOut,
    UnknownModel,
    Unreachable,
)

log = logging.getLogger(__name__)

BROKEN_CONNECTIONS = {
    "ClientConnectionError",
    "ClientOSError",
    "ServerDisconnectedError",
    "ClientPayloadError",
    "ConnectError",
    "ReadError",
    "RemoteProtocolError",
    "WriteError",
}
CONTEXT_WORDS = re.compile(
    r"context[_ ]length|context window|maximum context|prompt is too long|"
    r"maximum number of tokens|exceeds? the (available )?context",
    re.IGNORECASE,
)
POLICY_WORDS = re.compile(r"content[_ ]policy|content management policy|safety system", re.IGNORECASE)


def map_error(error: BaseException, *, has_text: bool) -> ProviderError:
    """Return our error for an exception; its text only decides the kind and is not kept."""
    for link in _list_causes(error):
        if isinstance(link, ProviderError):
            return link
    if broken := _map_connection_error(error, has_text=has_text):
        return broken
    status = _find_status(error)
    if status is not None:
        return map_status(status, str(error), _find_retry_after(error))
    # Neither the message nor the traceback is logged, because both may quote a prompt.
    log.warning("a provider's stream failed with an unmapped %s", type(error).__name__)
    return Malformed(type(error).__name__)


def map_status(status: int, text: str, retry_after_s: float | None = None) -> ProviderError:
    """Return our error for an HTTP status; `text` distinguishes the kinds of bad requests."""
    if status in (401, 402, 403):
        return AuthFailed(f"status {status}")
    if status == 404:
        return UnknownModel("status 404")
    if status in (408, 504):
        return TimedOut(f"status {status}")
    if status == 429:
        return RateLimited("status 429", retry_after_s=retry_after_s)
    if status >= 500:
        return ServerFailed(f"status {status}", retry_after_s=retry_after_s)
    if status == 413 or CONTEXT_WORDS.search(text):
        return ContextTooLong(f"status {status}")
    if POLICY_WORDS.search(text):
        return Refused(f"status {status}")
    return BadRequest(f"status {status}")


def _map_connection_error(error: BaseException, *, has_text: bool) -> ProviderError | None:
    for link in _list_causes(error):
        names = {cls.__name__ for cls in type(link).__mro__}
        if names & BROKEN_CONNECTIONS:
            return CutOff("the connection broke") if has_text else Unreachable("no connection")
        if isinstance(link, json.JSONDecodeError | UnicodeDecodeError):
            return Malformed("not of the protocol")
    if isinstance(error, asyncio.TimeoutError) or "Timeout" in type(error).__name__:
        return TimedOut("the client timed out")
    return None


def _list_causes(error: BaseException) -> list[BaseException]:
    """Return an exception with its causes and contexts, outermost first."""
    links: list[BaseException] = []
    pending: list[BaseException | None] = [error]
    while pending and len(links) < 12:
        link = pending.pop()
        if link is None or link in links:
            continue
        links.append(link)
        original = getattr(link, "original_exception", None)
        pending += [link.__context__, link.__cause__]
        pending.append(original if isinstance(original, BaseException) else None)
    return links


def _find_status(error: BaseException) -> int | None:
    for link in _list_causes(error):
        status = getattr(link, "status_code", None)
        if isinstance(status, int) and status >= 400:
            return status
    return None


def _find_retry_after(error: BaseException) -> float | None:
    for link in _list_causes(error):
        headers = getattr(link, "litellm_response_headers", None) or getattr(
            getattr(link, "response", None), "headers", None
        )
        if headers and (seconds := parse_retry_after(headers.get("retry-after") or "")) is not None:
            return seconds
    return None


def parse_retry_after(value: str) -> float | None:
    """Return the seconds of a Retry-After header; the date form, rare among providers, is ignored."""
    try:
        seconds = float(value)
    except ValueError:
        return None
    return seconds if 0 <= seconds < 86_400 else None
