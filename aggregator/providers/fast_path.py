"""Streams completions with litellm's request building and parsing, but our own HTTP and SSE reading.

It takes a fraction of the processor time of `litellm.acompletion` (docs/decisions has the measurements).
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress

import aiohttp
import orjson

from aggregator.domain.sanitize import sanitize_text
from aggregator.infra.flush_scheduler import TickFuture, get_flush_scheduler, release_tick
from aggregator.providers.adapters import ADAPTERS, ProviderAdapter
from aggregator.providers.error_mapping import map_status, parse_retry_after
from aggregator.providers.errors import Malformed
from aggregator.providers.http_session import CONNECT_TIMEOUT_S, shared_session
from aggregator.providers.token_usage import merge_usage
from aggregator.providers.types import CompletionRequest, Piece, TokenUsage
from aggregator.resilience import throttle

MAX_LINE_BYTES = 8_000_000
MAX_ERROR_BYTES = 64_000
# The end of the HTTP body follows the last event at once; reading it keeps the connection reusable.
DRAIN_S = 0.02
EMPTY_PIECE = Piece()
NO_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S)


def can_stream(request: CompletionRequest) -> bool:
    """Return whether the request's provider has an adapter."""
    return request.model.litellm_model.partition("/")[0] in ADAPTERS


async def stream_pieces(request: CompletionRequest) -> AsyncGenerator[Piece, None]:
    """Stream a completion; raises ProviderError, litellm's errors or aiohttp's."""
    adapter = ADAPTERS[request.model.litellm_model.partition("/")[0]](request)
    call = adapter.build_request()
    body = orjson.dumps(call.body)
    if request.gate:
        await request.gate()
    response = await shared_session().post(
        call.url,
        data=body,
        headers=call.headers,
        timeout=NO_TIMEOUT,
        allow_redirects=False,
    )
    try:
        if response.status != 200:
            raise await _read_error(response)
        if wait := throttle.read_limit_reset(response.headers):
            await throttle.pause_provider(request.model, wait)
        reader, pacer, has_begun = StreamReader(adapter), ReadPacer(response.content), False
        while not reader.is_done:
            if has_begun:
                # Waking up for every token costs more than reading it.
                await pacer.wait()
            received = await response.content.readany()
            if not received:
                break
            for piece in reader.feed(received):
                # Events before the first text must not delay it by a tick.
                has_begun = has_begun or bool(piece.text or piece.reasoning_chars)
                yield piece
        yield reader.close()
        await _drain(response)
    finally:
        # Before the end of the body, closing the connection stops the provider.
        response.close()


class ReadPacer:
    """Paces reads of a stream: one at every tick of the flush scheduler, and one at the end of the stream."""

    def __init__(self, content: aiohttp.StreamReader) -> None:
        self._content, self._scheduler = content, get_flush_scheduler()
        self._tick: TickFuture | None = None
        content.on_eof(self._end)

    async def wait(self) -> None:
        """Wait until the next read is due."""
        if not self._content.is_eof():
            self._tick = self._scheduler.wait_tick()
            await self._tick

    def _end(self) -> None:
        release_tick(self._tick)


async def _read_error(response: aiohttp.ClientResponse) -> Exception:
    body = await response.content.read(MAX_ERROR_BYTES)
    retry_after_s = parse_retry_after(response.headers.get("Retry-After", ""))
    return map_status(max(response.status, 400), body.decode(errors="replace"), retry_after_s)


async def _drain(response: aiohttp.ClientResponse) -> None:
    with suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout(DRAIN_S):
            await response.content.readany()


class StreamReader:
    """Parses the bytes of a stream of server-sent events into pieces, wherever the chunks were split."""

    def __init__(self, adapter: ProviderAdapter) -> None:
        self._adapter = adapter
        self._rest = b""
        self._bad_lines = 0
        self._finish_reason = ""
        self._usage: TokenUsage | None = None
        self.is_done = False

    def feed(self, received: bytes) -> Iterator[Piece]:
        """Yield the content of these bytes, texts joined in one piece; an error is raised after its piece."""
        *lines, self._rest = (self._rest + received).split(b"\n")
        if len(self._rest) > MAX_LINE_BYTES:
            raise Malformed("a line without an end")
        texts: list[str] = []
        reasoning_chars, known = 0, self._usage
        failure: Exception | None = None
        for line in lines:
            if self.is_done or not line.startswith(b"data:"):
                continue
            try:
                piece = self._read_line(line[5:].strip())
            except Exception as error:  # noqa: BLE001 (litellm's parsers raise errors of many kinds; raised below)
                failure = error
                break
            if isinstance(piece, Piece):
                reasoning_chars += piece.reasoning_chars
                piece = piece.text
            texts.append(piece)
        text = sanitize_text("".join(texts))
        # Reported at once, because a stream that breaks later is paid for as well.
        usage = None if self._usage is known else self._usage
        if text or reasoning_chars or usage:
            yield Piece(text, usage=usage, reasoning_chars=reasoning_chars)
        if failure is not None:
            raise failure

    def close(self) -> Piece:
        """Return the last piece; raises when lines were unreadable and there is no finish reason."""
        # The last line of a stream may lack its line feed.
        text = "" if self.is_done else "".join(piece.text for piece in self.feed(b"\n"))
        if self._bad_lines and not self._finish_reason:
            raise Malformed("lines that are not of the protocol")
        return Piece(text, self._finish_reason, self._usage)

    def _read_line(self, payload: bytes) -> Piece | str:
        if payload == b"[DONE]":
            self.is_done = True
            return EMPTY_PIECE
        try:
            chunk = orjson.loads(payload)
        except orjson.JSONDecodeError:
            chunk = None
        if not isinstance(chunk, dict):
            # A stream may continue after an unreadable line.
            self._bad_lines += 1
            return EMPTY_PIECE
        text = self._adapter.read_plain_text(chunk)
        if text is not None:
            return text
        piece = self._adapter.read(chunk)
        self.is_done = self._adapter.is_end(chunk)
        self._finish_reason = piece.finish_reason or self._finish_reason
        self._usage = merge_usage(self._usage, piece.usage)
        return piece
