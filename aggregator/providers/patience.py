"""How long a completion may take: to its first token, between tokens, and to its end."""

import asyncio
from collections.abc import AsyncIterator

from aggregator.providers.errors import Stalled, TimedOut
from aggregator.providers.shapes import CompletionRequest, Piece


class Patience:
    """The clock of one completion, retries included; all times are those of the event loop."""

    def __init__(self, request: CompletionRequest) -> None:
        self._loop = asyncio.get_running_loop()
        self.started_at = self._loop.time()
        self._stall_s = request.stall_ms / 1000
        self._first_due = self.started_at + request.first_token_ms / 1000
        self._end_due = self.started_at + request.deadline_ms / 1000
        self._due = min(self._first_due, self._end_due)
        self.first_token_at: float | None = None

    async def next_piece(self, pieces: AsyncIterator[Piece]) -> Piece | None:
        """Return the next piece, or None at the stream's end; raises TimedOut or Stalled when it is late."""
        try:
            async with asyncio.timeout_at(self._due):
                piece = await anext(pieces, None)
        except TimeoutError as error:
            raise self._name_lateness() from error
        if piece is not None and (self.first_token_at is not None or piece.text or piece.is_thinking):
            self._note_token(has_text=bool(piece.text))
        return piece

    def time_left_before_first_token_s(self) -> float:
        """Return how much of the wait for the first token is left."""
        return min(self._first_due, self._end_due) - self._loop.time()

    def elapsed_ms(self) -> int:
        """Return the time since the completion was asked for."""
        return round((self._loop.time() - self.started_at) * 1000)

    def ttft_ms(self) -> int | None:
        """Return the time to the first text, once there was one."""
        return None if self.first_token_at is None else round((self.first_token_at - self.started_at) * 1000)

    def _note_token(self, *, has_text: bool) -> None:
        now = self._loop.time()
        if has_text and self.first_token_at is None:
            self.first_token_at = now
        self._due = min(now + self._stall_s, self._end_due)

    def _name_lateness(self) -> TimedOut:
        now = self._loop.time()
        if now >= self._end_due:
            return TimedOut("the whole answer took too long")
        if self._due == self._first_due:
            return TimedOut("no first token in time")
        return Stalled("the stream fell silent")
