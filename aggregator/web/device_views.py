"""The page on which a model answers inside the browser, and the weights that it loads.

Weights are sent by HTTP Range requests (RFC 9110, section 14), read off the event loop in chunks.
"""

import asyncio
import re
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from csp.constants import SELF, WASM_UNSAFE_EVAL
from csp.decorators import csp_update
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from aggregator.catalog.device_models import DeviceModel, find_device_model, list_device_models
from aggregator.domain.crisis_help import CRISIS_HELP
from language.lexicon import list_crisis_patterns

# A browser's small model has a context of about two thousand tokens.
PROMPT_LIMIT = 2_000
CACHE_FOREVER = "public, max-age=31536000, immutable"
CHUNK_BYTES = 1 << 20
# No file's size has more digits.
_SINGLE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@require_safe
@never_cache
@csp_update({"script-src": [WASM_UNSAFE_EVAL], "worker-src": [SELF, "blob:"]})
def show_device(request: HttpRequest) -> HttpResponse:
    """Show the page of the in-browser model; it is the same for every person."""
    language = "en" if get_language() == "en" else "ko"
    models = list_device_models()
    context = {
        "device": {
            "models": [_describe(model, language) for model in models],
            "help": CRISIS_HELP,
            "crisis": list_crisis_patterns(),
        },
        "has_models": bool(models),
        "prompt_limit": PROMPT_LIMIT,
    }
    page = render(request, "aggregator/on_device.html", context)
    # Only a cross-origin isolated page may use several threads.
    page["Cross-Origin-Embedder-Policy"] = "require-corp"
    return page


@require_safe
async def send_weights(request: HttpRequest, sha256: str) -> HttpResponseBase:
    """Send weights by their sha256, the whole file or one range; a browser may cache them for ever."""
    model = await asyncio.to_thread(find_device_model, sha256)
    if model is None:
        raise Http404
    try:
        part = parse_range_header(request.headers.get("Range", ""), model.size)
    except RangeNotSatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{model.size}"})
    sent = part or range(model.size)
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": CACHE_FOREVER,
        "Content-Length": str(len(sent)),
        "ETag": f'"{model.sha256}"',
    }
    if part:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{model.size}"
    known: dict[str, Any] = {"status": 206 if part else 200, "content_type": "application/octet-stream"}
    if request.method == "HEAD":
        return HttpResponse(headers=headers, **known)
    return StreamingHttpResponse(iterate_file_range(model.path, sent), headers=headers, **known)


def _describe(model: DeviceModel, language: str) -> dict[str, Any]:
    known = model.language_model
    return {
        "slug": known.slug,
        "name": known.name,
        "languages": known.languages,
        "url": reverse("aggregator:weights", args=[model.sha256]),
        "bytes": model.size,
        "memory_gb": model.memory_gb,
        "temperature": model.temperature,
        "repeat_penalty": known.extra.get("repeat_penalty", 1),
        "tokens_per_syllable": model.tokens_per_syllable,
        "system_prompt": known.system_prompt,
        "examples": model.examples[language],
    }


class RangeNotSatisfiable(Exception):
    """The requested range lies outside the file."""


def parse_range_header(header: str, size: int) -> range | None:
    """Return the byte range of a Range header; None for the whole file, also for several ranges."""
    match = _SINGLE_RANGE.fullmatch(header.strip())
    if not match or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        part = range(max(size - int(last), 0), size)
    elif last and int(last) < int(first):
        return None
    else:
        part = range(int(first), min(int(last) + 1, size) if last else size)
    if not part:
        raise RangeNotSatisfiable
    return part


async def iterate_file_range(path: Path, part: range) -> AsyncGenerator[bytes, None]:
    """Yield a part of a file in chunks; the file is closed when the reader stops."""
    file = await asyncio.to_thread(path.open, "rb")
    try:
        await asyncio.to_thread(file.seek, part.start)
        left = len(part)
        while left and (chunk := await asyncio.to_thread(file.read, min(CHUNK_BYTES, left))):
            left -= len(chunk)
            yield chunk
    finally:
        file.close()
