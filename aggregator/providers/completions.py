"""Streams a completion with time limits, one retry, and its usage."""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Self, cast

from django.conf import settings

from aggregator.providers import fast_path, gateway
from aggregator.providers.error_mapping import map_error
from aggregator.providers.errors import (
    CutOff,
    EmptyCompletion,
    ProviderError,
    RateLimited,
    Refused,
    Stalled,
    TimedOut,
)
from aggregator.providers.http_session import close_session
from aggregator.providers.token_usage import estimate_usage, merge_usage
from aggregator.providers.types import Completion, CompletionRequest, Delta, Piece, TokenUsage
from aggregator.resilience import throttle

MAX_RETRIES = 1
RETRY_PAUSE_S = 0.25
MAX_RETRY_PAUSE_S = 3.0
# A server that ignores max_tokens is cut off; no language has longer tokens on average.
MAX_CHARS_PER_TOKEN, MIN_TOKENS = 16, 64
# Some providers do not limit reasoning tokens, whose text is not kept.
REASONING_ROOM = 4
RECHECK_S = 0.02


class CompletionTimer:
    """The timer of one completion, its retry included; it belongs to the task that creates it.

    A single timer of the event loop covers the whole completion, because `asyncio.timeout` around each of
    thousands of pieces costs more than reading them.
    """

    def __init__(self, request: CompletionRequest) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = cast("asyncio.Task[object]", asyncio.current_task())
        self._cancelling = self._task.cancelling()
        self.started_at = self._loop.time()
        self._stall_s = request.model.stall_ms / 1000
        self._first_due = self.started_at + request.model.first_token_ms / 1000
        self._end_due = self.started_at + request.deadline_ms / 1000
        self._due = min(self._first_due, self._end_due)
        self._is_waiting = self._is_late = False
        self._watch = self._loop.call_at(self._due, self._check_due)
        self.first_token_at: float | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._watch.cancel()

    async def next_piece(self, pieces: AsyncIterator[Piece]) -> Piece | None:
        """Return the next piece, or None at the end of the stream; raises TimedOut or Stalled."""
        self._is_waiting = True
        try:
            piece = await anext(pieces, None)
        except asyncio.CancelledError as cancelled:
            # When someone else has cancelled the task as well, that cancellation takes precedence.
            if self._is_late and self._task.uncancel() <= self._cancelling:
                self._reschedule_check()
                raise self._make_timeout_error() from cancelled
            raise
        finally:
            self._is_waiting = False
        if piece is not None and (self.first_token_at is not None or piece.text or piece.reasoning_chars):
            self._note_token(has_text=bool(piece.text))
        return piece

    def _check_due(self) -> None:
        if self._is_waiting and self._loop.time() >= self._due:
            self._is_late = True
            self._task.cancel()
        else:
            # The task is still processing the last piece, so the stream is not late.
            self._reschedule_check()

    def _reschedule_check(self) -> None:
        self._is_late = False
        self._watch = self._loop.call_at(max(self._due, self._loop.time() + RECHECK_S), self._check_due)

    def time_left_before_first_token_s(self) -> float:
        """Return the seconds left until the limit for the first token."""
        return min(self._first_due, self._end_due) - self._loop.time()

    def elapsed_ms(self) -> int:
        """Return the time since the completion was requested."""
        return round((self._loop.time() - self.started_at) * 1000)

    def ttft_ms(self) -> int | None:
        """Return the time to the first text, or None before it."""
        return None if self.first_token_at is None else round((self.first_token_at - self.started_at) * 1000)

    def _note_token(self, *, has_text: bool) -> None:
        now = self._loop.time()
        if has_text and self.first_token_at is None:
            self.first_token_at = now
        self._due = min(now + self._stall_s, self._end_due)

    def _make_timeout_error(self) -> TimedOut:
        now = self._loop.time()
        if now >= self._end_due:
            return TimedOut("the completion took too long")
        if self._due == self._first_due:
            return TimedOut("no first token in time")
        return Stalled("the stream stalled")


class StreamAccumulator:
    """Collects the pieces of one completion up to the requested length."""

    def __init__(self, request: CompletionRequest) -> None:
        self._request = request
        self._texts: list[str] = []
        roomy = max(MIN_TOKENS, request.max_tokens)
        # A limit that the caller set holds as it is.
        has_own_limit = request.sampling.max_tokens is not None
        self._room = MAX_CHARS_PER_TOKEN * (request.max_tokens if has_own_limit else roomy)
        self._reasoning_room = MAX_CHARS_PER_TOKEN * REASONING_ROOM * roomy
        self.reasoning_chars = 0
        self.finish_reason = ""
        self.usage: TokenUsage | None = None

    @property
    def text(self) -> str:
        return "".join(self._texts)

    @property
    def is_full(self) -> bool:
        """Whether the provider exceeded the requested length."""
        return self._room < 0 or self.reasoning_chars > self._reasoning_room

    def add(self, piece: Piece) -> str:
        """Add one piece and return its text, up to the requested length."""
        text = piece.text[: max(0, self._room)]
        self._room -= len(piece.text)
        if text:
            self._texts.append(text)
        self.reasoning_chars += piece.reasoning_chars
        self.finish_reason = piece.finish_reason or self.finish_reason
        self.usage = merge_usage(self.usage, piece.usage)
        return text

    def to_completion(self, timer: CompletionTimer) -> Completion:
        """Return the finished completion; raises when it is empty or has no finish reason.

        A short limit of the caller's may be spent on reasoning: that is an empty answer, not a failure.
        """
        text, reason = self.text, "length" if self.is_full else self.finish_reason
        if not text.strip():
            if reason == "content_filter":
                raise Refused("content filter")
            if reason != "length" or self._request.sampling.max_tokens is None:
                raise EmptyCompletion(reason)
        if not reason:
            raise CutOff("no finish reason")
        return Completion(text, reason, self._count(), timer.ttft_ms(), timer.elapsed_ms())

    def attach_to(self, failure: ProviderError) -> ProviderError:
        """Add the text and usage so far to an error, and return it."""
        failure.partial_text = self.text
        if self._texts or self.reasoning_chars or self.usage:
            failure.usage = self._count()
        return failure

    def _count(self) -> TokenUsage:
        reported = self.usage
        # A report of no input tokens is not a count.
        if reported and reported.input_tokens and self.finish_reason and not self.is_full:
            return reported
        counted = estimate_usage(self._request.messages, self.text, self.reasoning_chars)
        if reported is None:
            return counted
        # A report before the end of the stream counts only a part of the output.
        output_tokens = max(reported.output_tokens, counted.output_tokens)
        return TokenUsage(reported.input_tokens or counted.input_tokens, output_tokens, "counted")


async def stream_completion(request: CompletionRequest) -> AsyncGenerator[Delta | Completion, None]:
    """Call one model: yields its text in deltas, then one Completion; raises ProviderError.

    Closing the generator, or cancelling the task that awaits it, closes the connection at once.
    """
    await gateway.load_in_thread()
    with CompletionTimer(request) as timer:
        for attempt in range(MAX_RETRIES + 1):
            accumulator = StreamAccumulator(request)
            try:
                _check_pause(request)
                async with aclosing(_open(request)) as pieces:
                    while (piece := await timer.next_piece(pieces)) is not None:
                        if text := accumulator.add(piece):
                            yield Delta(text)
                        if accumulator.is_full:
                            break
                yield accumulator.to_completion(timer)
                return
            except Exception as error:  # noqa: BLE001 (litellm raises errors of many libraries)
                failure = accumulator.attach_to(map_error(error, has_text=bool(accumulator.text)))
            if isinstance(failure, RateLimited) or failure.retry_after_s:
                await throttle.pause_provider(request.model, failure.retry_after_s)
            pause_s = _pause_before_retry(failure)
            if attempt == MAX_RETRIES or not _may_retry(failure, timer, pause_s):
                # Raised outside the except block: the original error, which quotes prompts and keys, must not
                # become its context and be logged.
                raise failure
            await asyncio.sleep(pause_s)


def _open(request: CompletionRequest) -> AsyncGenerator[Piece, None]:
    if settings.PROVIDER_FAST_PATH and fast_path.can_stream(request):
        return fast_path.stream_pieces(request)
    return gateway.stream_pieces(request)


def _check_pause(request: CompletionRequest) -> None:
    if left := throttle.pause_left_seconds(request.model):
        # Requests during a rate limit prolong it.
        raise RateLimited("paused", retry_after_s=left)


def _may_retry(failure: ProviderError, timer: CompletionTimer, pause_s: float) -> bool:
    return (
        failure.is_retryable
        and not (isinstance(failure, RateLimited) and failure.retry_after_s is None)
        and not failure.partial_text
        and pause_s <= MAX_RETRY_PAUSE_S
        and pause_s < timer.time_left_before_first_token_s()
    )


def _pause_before_retry(failure: ProviderError) -> float:
    return (failure.retry_after_s or 0.0) + RETRY_PAUSE_S * random.uniform(0.5, 1.5)  # noqa: S311 (no secret)


async def warm_providers() -> None:
    """Import what the first completion would otherwise wait for."""
    await gateway.load_in_thread()


async def close_providers() -> None:
    """Close the running event loop's connections to providers; call it before the loop ends."""
    await gateway.close_clients()
    await close_session()
