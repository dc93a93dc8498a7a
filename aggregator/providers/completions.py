"""A completion from start to end: patience, one retry, the text so far, and its usage."""

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing

from django.conf import settings

from aggregator import throttle
from aggregator.providers import fast_path, gateway
from aggregator.providers.counting import count_usage
from aggregator.providers.diagnosis import diagnose
from aggregator.providers.errors import CutOff, EmptyCompletion, ProviderError, RateLimited, Refused
from aggregator.providers.patience import Patience
from aggregator.providers.sessions import close_session
from aggregator.providers.shapes import Completion, CompletionRequest, Delta, Piece, TokenUsage

RETRIES = 1
PAUSE_S = 0.25
LONGEST_PAUSE_S = 3.0


class Draft:
    """What has arrived of one completion."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self.finish_reason = ""
        self.usage: TokenUsage | None = None

    @property
    def text(self) -> str:
        return "".join(self._texts)

    def take(self, piece: Piece) -> None:
        """Add one piece."""
        if piece.text:
            self._texts.append(piece.text)
        self.finish_reason = piece.finish_reason or self.finish_reason
        self.usage = piece.usage or self.usage

    def close(self, request: CompletionRequest, patience: Patience) -> Completion:
        """Return the finished completion; raises when the stream did not say that it was finished."""
        text = self.text
        if not text.strip():
            if self.finish_reason == "content_filter":
                raise Refused("the provider's rules")
            raise EmptyCompletion(self.finish_reason)
        if not self.finish_reason:
            raise CutOff("no finish reason")
        usage = self.usage
        # Nobody reads nothing: whoever says so did not count.
        if usage is None or not usage.input_tokens:
            usage = count_usage(request.messages, text)
        return Completion(text, self.finish_reason, usage, patience.ttft_ms(), patience.elapsed_ms())


async def stream_completion(request: CompletionRequest) -> AsyncGenerator[Delta | Completion, None]:
    """Ask one model: yields its text as it comes, then one Completion; raises ProviderError.

    Close it (or cancel the task that waits for it) to stop the provider at once.
    """
    await gateway.prepare()
    with Patience(request) as patience:
        for attempt in range(RETRIES + 1):
            draft = Draft()
            try:
                _check_pause(request)
                async with aclosing(_open(request)) as pieces:
                    while (piece := await patience.next_piece(pieces)) is not None:
                        draft.take(piece)
                        if piece.text:
                            yield Delta(piece.text)
                yield draft.close(request, patience)
                return
            except Exception as error:  # noqa: BLE001 (litellm raises what it likes)
                failure = diagnose(error, has_text=bool(draft.text))
            failure.partial_text = draft.text
            if isinstance(failure, RateLimited) or failure.retry_after_s:
                await throttle.pause(request.model, failure.retry_after_s)
            pause_s = _pause_before_retry(failure)
            if attempt == RETRIES or not _may_retry(failure, patience, pause_s):
                # Raised outside the except block: their error quotes bodies and keys and must be in no log.
                raise failure
            await asyncio.sleep(pause_s)


def _open(request: CompletionRequest) -> AsyncGenerator[Piece, None]:
    if settings.PROVIDER_FAST_PATH and fast_path.can_stream(request):
        return fast_path.stream_pieces(request)
    return gateway.stream_pieces(request)


def _check_pause(request: CompletionRequest) -> None:
    if left := throttle.left_seconds(request.model):
        # Whoever asks on in spite of a refusal is refused for longer.
        raise RateLimited("paused", retry_after_s=left)


def _may_retry(failure: ProviderError, patience: Patience, pause_s: float) -> bool:
    return (
        failure.is_worth_a_retry
        and not (isinstance(failure, RateLimited) and failure.retry_after_s is None)
        and not failure.partial_text
        and pause_s <= LONGEST_PAUSE_S
        and pause_s < patience.time_left_before_first_token_s()
    )


def _pause_before_retry(failure: ProviderError) -> float:
    return (failure.retry_after_s or 0.0) + PAUSE_S * random.uniform(0.5, 1.5)  # noqa: S311 (no secret)


async def warm_providers() -> None:
    """Load what the first completion would otherwise wait for."""
    await gateway.prepare()


async def close_providers() -> None:
    """Close what the running event loop holds open towards providers; call it before the loop ends."""
    await gateway.close_clients()
    await close_session()
