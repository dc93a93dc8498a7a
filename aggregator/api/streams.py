"""Server-sent events: how an answer goes out while it is made."""

import logging
from collections.abc import AsyncIterator, Callable

import orjson
from django.http import StreamingHttpResponse

from aggregator.api.answers import Answer
from aggregator.api.refusals import ApiRefusal, server_failed

logger = logging.getLogger(__name__)

KEEP_ALIVE = b": keep-alive\n\n"


def frame(document: object, event: str = "") -> bytes:
    """Return a document as one server-sent event."""
    name = f"event: {event}\n".encode() if event else b""
    return name + b"data: " + orjson.dumps(document) + b"\n\n"


def send_stream(
    answer: Answer, frames: AsyncIterator[bytes], refuse: Callable[[ApiRefusal], bytes]
) -> StreamingHttpResponse:
    """Return the frames of a begun answer as a stream that closes it whatever happens."""
    answer.expect_reader()
    sent = StreamingHttpResponse(_guard(answer, frames, refuse), content_type="text/event-stream")
    sent["Cache-Control"] = "no-store"
    sent["X-Accel-Buffering"] = "no"
    return sent


async def _guard(
    answer: Answer, frames: AsyncIterator[bytes], refuse: Callable[[ApiRefusal], bytes]
) -> AsyncIterator[bytes]:
    try:
        answer.greet_reader()
        async for sent in frames:
            yield sent
    except ApiRefusal as refusal:
        yield refuse(refusal)
    except Exception:
        # The status line is gone already: whatever broke, the caller is told inside the stream.
        logger.exception("turn %s: its stream broke", answer.turn.public_id)
        yield refuse(server_failed())
    finally:
        await answer.close()
