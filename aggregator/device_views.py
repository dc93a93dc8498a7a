"""The weights that a browser runs a model on."""

import asyncio
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_safe

from aggregator.byte_range import RangeNotSatisfiable, read_pieces, read_range
from aggregator.device_models import find_device_model

FOREVER = "public, max-age=31536000, immutable"


@require_safe
async def send_weights(request: HttpRequest, sha256: str) -> HttpResponseBase:
    """Send weights by their hash, whole or one range; what they are never changes, so it is kept for ever."""
    model = await asyncio.to_thread(find_device_model, sha256)
    if model is None:
        raise Http404
    try:
        part = read_range(request.headers.get("Range", ""), model.size)
    except RangeNotSatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{model.size}"})
    asked = part or range(model.size)
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": FOREVER,
        "Content-Length": str(len(asked)),
        "ETag": f'"{model.sha256}"',
    }
    if part:
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{model.size}"
    known: dict[str, Any] = {"status": 206 if part else 200, "content_type": "application/octet-stream"}
    if request.method == "HEAD":
        return HttpResponse(headers=headers, **known)
    return StreamingHttpResponse(read_pieces(model.path, asked), headers=headers, **known)
