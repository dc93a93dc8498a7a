"""The time limits of a completion: to its first token, between tokens, and to its end."""

import asyncio
from collections.abc import AsyncIterator
from typing import Self, cast

from aggregator.providers.errors import Stalled, TimedOut
from aggregator.providers.types import CompletionRequest, Piece

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
