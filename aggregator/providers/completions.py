"""A completion from start to end: timeouts, one retry, the text so far, and its usage."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing

from django.conf import settings

from aggregator.providers import fast_path, gateway
from aggregator.providers.error_mapping import map_error
from aggregator.providers.errors import CutOff, EmptyCompletion, ProviderError, RateLimited, Refused
from aggregator.providers.sessions import close_session
from aggregator.providers.timeouts import CompletionTimer
from aggregator.providers.token_usage import estimate_usage, merge_usage
from aggregator.providers.types import Completion, CompletionRequest, Delta, Piece, TokenUsage
from aggregator.resilience import throttle

MAX_RETRIES = 1
RETRY_PAUSE_S = 0.25
MAX_RETRY_PAUSE_S = 3.0
# A server that heeds no limit is heeded no longer: no language has tokens as long as that.
MAX_CHARS_PER_TOKEN, MIN_TOKENS = 16, 64
# Some providers set no limit to the thinking, which is not kept.
REASONING_ROOM = 4


class StreamAccumulator:
    """What has arrived of one completion, and no more than it was to be."""

    def __init__(self, request: CompletionRequest) -> None:
        self._request = request
        self._texts: list[str] = []
        self._room = MAX_CHARS_PER_TOKEN * max(MIN_TOKENS, request.max_tokens)
        self._reasoning_room = REASONING_ROOM * self._room
        self.reasoning_chars = 0
        self.finish_reason = ""
        self.usage: TokenUsage | None = None

    @property
    def text(self) -> str:
        return "".join(self._texts)

    @property
    def is_full(self) -> bool:
        """Whether the provider wrote on beyond what it was asked for."""
        return self._room < 0 or self.reasoning_chars > self._reasoning_room

    def take(self, piece: Piece) -> str:
        """Add one piece and return its text, without what there is no room for."""
        text = piece.text[: max(0, self._room)]
        self._room -= len(piece.text)
        if text:
            self._texts.append(text)
        self.reasoning_chars += piece.reasoning_chars
        self.finish_reason = piece.finish_reason or self.finish_reason
        self.usage = merge_usage(self.usage, piece.usage)
        return text

    def close(self, timer: CompletionTimer) -> Completion:
        """Return the finished completion; raises when the stream did not say that it was finished."""
        text, reason = self.text, "length" if self.is_full else self.finish_reason
        if not text.strip():
            if reason == "content_filter":
                raise Refused("the provider's rules")
            raise EmptyCompletion(reason)
        if not reason:
            raise CutOff("no finish reason")
        return Completion(text, reason, self._count(), timer.ttft_ms(), timer.elapsed_ms())

    def fail(self, failure: ProviderError) -> ProviderError:
        """Tell an error what had arrived, and what that took."""
        failure.partial_text = self.text
        if self._texts or self.reasoning_chars or self.usage:
            failure.usage = self._count()
        return failure

    def _count(self) -> TokenUsage:
        told = self.usage
        # Nobody reads nothing: whoever says so did not count.
        if told and told.input_tokens and self.finish_reason and not self.is_full:
            return told
        counted = estimate_usage(self._request.messages, self.text, self.reasoning_chars)
        if told is None:
            return counted
        # What is told before the end is less than what was written then.
        written = max(told.output_tokens, counted.output_tokens)
        return TokenUsage(told.input_tokens or counted.input_tokens, written, "counted")


async def stream_completion(request: CompletionRequest) -> AsyncGenerator[Delta | Completion, None]:
    """Ask one model: yields its text as it comes, then one Completion; raises ProviderError.

    Close it (or cancel the task that waits for it) to stop the provider at once.
    """
    await gateway.load_in_thread()
    with CompletionTimer(request) as timer:
        for attempt in range(MAX_RETRIES + 1):
            accumulator = StreamAccumulator(request)
            try:
                _check_pause(request)
                async with aclosing(_open(request)) as pieces:
                    while (piece := await timer.next_piece(pieces)) is not None:
                        if text := accumulator.take(piece):
                            yield Delta(text)
                        if accumulator.is_full:
                            break
                yield accumulator.close(timer)
                return
            except Exception as error:  # noqa: BLE001 (litellm raises what it likes)
                failure = accumulator.fail(map_error(error, has_text=bool(accumulator.text)))
            if isinstance(failure, RateLimited) or failure.retry_after_s:
                await throttle.pause_provider(request.model, failure.retry_after_s)
            pause_s = _pause_before_retry(failure)
            if attempt == MAX_RETRIES or not _may_retry(failure, timer, pause_s):
                # Raised outside the except block: their error quotes bodies and keys and must be in no log.
                raise failure
            await asyncio.sleep(pause_s)


def _open(request: CompletionRequest) -> AsyncGenerator[Piece, None]:
    if settings.PROVIDER_FAST_PATH and fast_path.can_stream(request):
        return fast_path.stream_pieces(request)
    return gateway.stream_pieces(request)


def _check_pause(request: CompletionRequest) -> None:
    if left := throttle.pause_left_seconds(request.model):
        # Whoever asks on in spite of a refusal is refused for longer.
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
    """Load what the first completion would otherwise wait for."""
    await gateway.load_in_thread()


async def close_providers() -> None:
    """Close what the running event loop holds open towards providers; call it before the loop ends."""
    await gateway.close_clients()
    await close_session()
