"""Responses of server-sent events."""

import logging
from collections.abc import AsyncIterator, Callable

import orjson
from django.http import StreamingHttpResponse

from aggregator.api.errors import ApiError, internal_error
from aggregator.api.turn_stream import TurnStream

logger = logging.getLogger(__name__)

KEEP_ALIVE = b": keep-alive\n\n"


def format_sse_event(document: object, event: str = "") -> bytes:
    """Return a document as a server-sent event, optionally named."""
    name = f"event: {event}\n".encode() if event else b""
    return name + b"data: " + orjson.dumps(document) + b"\n\n"


def stream_response(
    turn: TurnStream, events: AsyncIterator[bytes], encode_error: Callable[[ApiError], bytes]
) -> StreamingHttpResponse:
    """Return the events of a started turn as a streaming response that closes the turn when it ends."""
    turn.start_reader_timeout()
    response = StreamingHttpResponse(
        _stream_with_errors(turn, events, encode_error), content_type="text/event-stream"
    )
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _stream_with_errors(
    turn: TurnStream, events: AsyncIterator[bytes], encode_error: Callable[[ApiError], bytes]
) -> AsyncIterator[bytes]:
    try:
        turn.attach_reader()
        async for event in events:
            yield event
    except ApiError as error:
        yield encode_error(error)
    except Exception:
        # The status line was sent already: the error becomes an event of the stream.
        logger.exception("turn %s: its stream broke", turn.turn.public_id)
        yield encode_error(internal_error())
    finally:
        await turn.close()
