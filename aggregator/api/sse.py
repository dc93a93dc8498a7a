"""Server-sent events: how an answer goes out while it is made."""

import logging
from collections.abc import AsyncIterator, Callable

import orjson
from django.http import StreamingHttpResponse

from aggregator.api.errors import ApiError, internal_error
from aggregator.api.turn_stream import TurnStream

logger = logging.getLogger(__name__)

KEEP_ALIVE = b": keep-alive\n\n"


def format_sse_event(document: object, event: str = "") -> bytes:
    """Return a document as one server-sent event."""
    name = f"event: {event}\n".encode() if event else b""
    return name + b"data: " + orjson.dumps(document) + b"\n\n"


def stream_response(
    answer: TurnStream, frames: AsyncIterator[bytes], refuse: Callable[[ApiError], bytes]
) -> StreamingHttpResponse:
    """Return the frames of a begun answer as a stream that closes it whatever happens."""
    answer.start_reader_timeout()
    sent = StreamingHttpResponse(
        _stream_with_errors(answer, frames, refuse), content_type="text/event-stream"
    )
    sent["Cache-Control"] = "no-store"
    sent["X-Accel-Buffering"] = "no"
    return sent


async def _stream_with_errors(
    answer: TurnStream, frames: AsyncIterator[bytes], refuse: Callable[[ApiError], bytes]
) -> AsyncIterator[bytes]:
    try:
        answer.attach_reader()
        async for sent in frames:
            yield sent
    except ApiError as refusal:
        yield refuse(refusal)
    except Exception:
        # The status line is gone already: whatever broke, the caller is told inside the stream.
        logger.exception("turn %s: its stream broke", answer.turn.public_id)
        yield refuse(internal_error())
    finally:
        await answer.close()
