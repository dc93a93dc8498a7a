"""A turn as a response of the public API: its text while it arrives, how it ended, and its usage."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.conf import settings

from aggregator.api.errors import ApiError, answer_interrupted, turn_failed
from aggregator.domain.events import decode
from aggregator.domain.turn_state import CandidateState, TurnState
from aggregator.execution import runner
from aggregator.execution.commands import stop_turn
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Turn
from aggregator.selectors.usage import count_turn_tokens, has_fusion_reached_limit
from aggregator.streaming.turn_feed import LogEntry, Subscription

KEEP_ALIVE_SECONDS = 10.0
ROUTE_TIMEOUT_SECONDS = 2.0
USAGE_POLL_TRIES = 100
USAGE_POLL_SECONDS = 0.02
# How long a started stream waits until Django begins to read it.
READER_SECONDS = 5.0
# A program must not take an answer that was cut off, whatever cut it, for a whole one.
FINISH_REASONS = {
    "length": "length",
    "loop": "length",
    "deadline": "length",
    "content_filter": "content_filter",
}
Stored = TypeVar("Stored")
TEXT_CHUNKS = re.compile(r"\S+\s*|\s+")


@dataclass(slots=True)
class TurnStream:
    """A turn and the events that its caller receives; `close` stops it if it is still running."""

    turn: Turn
    state: TurnState = field(default_factory=TurnState)
    sent_text: str = ""
    _entries: "asyncio.Queue[LogEntry]" = field(default_factory=asyncio.Queue)
    _subscription: Subscription | None = None
    _deadline: float = 0.0
    _reader_timeout: "asyncio.Task[None] | None" = None

    async def begin(self) -> None:
        """Start the turn and wait for its route, so that an early failure can be sent as an HTTP status."""
        self._deadline = time.monotonic() + 2 * settings.TURN_DEADLINE_MS / 1000
        try:
            feed = runner.get_turn_log(str(self.turn.public_id)).feed
            self._subscription = await feed.subscribe(str(self.turn.public_id), 0, self._entries.put_nowait)
            await runner.start_turn(self.turn)
            while self._is_running and not self.state.strategy:
                if not await self._advance(ROUTE_TIMEOUT_SECONDS):
                    break
            self._check_end()
        except BaseException:
            # The caller may have disconnected; nothing else would close the turn.
            await self.close()
            raise

    async def chunks(self) -> AsyncIterator[str]:
        """Yield the answer's text as it arrives, '' every KEEP_ALIVE_SECONDS without any; raises ApiError."""
        while self._is_running:
            has_events = await self._advance(KEEP_ALIVE_SECONDS)
            for chunk in self._new_text():
                yield chunk
            if not has_events:
                yield ""
        for chunk in self._new_text():
            yield chunk
        self._check_end()

    async def read_all(self) -> str:
        """Return the complete answer; raises ApiError."""
        async for _chunk in self.chunks():
            pass
        return self.state.answer

    def check_complete(self) -> None:
        """Raise ApiError when the text that was sent is not the final answer."""
        if self.sent_text != self.state.answer and not self._is_cut_before_text and not self._is_cut_loop:
            raise answer_interrupted()

    def start_reader_timeout(self) -> None:
        """Close after READER_SECONDS without `attach_reader`: the caller disconnected before reading."""
        self._reader_timeout = asyncio.create_task(self._close_without_reader())

    def attach_reader(self) -> None:
        """Cancel the reader timeout; raises ApiError when the stream is closed already."""
        if self._reader_timeout:
            self._reader_timeout.cancel()
        if self._subscription is None:
            raise answer_interrupted()

    async def _close_without_reader(self) -> None:
        await asyncio.sleep(READER_SECONDS)
        await self.close()

    async def close(self) -> None:
        """Unsubscribe, and stop the turn if it is still running."""
        if self._subscription:
            runner.get_turn_log(self._subscription.turn).feed.unsubscribe(self._subscription)
            self._subscription = None
        if self._is_running:
            await stop_turn(self.turn)

    @property
    def _is_running(self) -> bool:
        return self.state.status == "running"

    async def _advance(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                entry = await self._entries.get()
        except TimeoutError:
            if time.monotonic() > self._deadline:
                raise turn_failed("timed_out") from None
            return False
        for document in entry.events:
            self.state.apply(decode(document))
        return True

    def _new_text(self) -> Iterator[str]:
        text = self._text_so_far()
        # A model that is called again after a crash may answer differently; sent text cannot be taken back.
        if not text.startswith(self.sent_text):
            return
        new_text, self.sent_text = text[len(self.sent_text) :], text
        yield from TEXT_CHUNKS.findall(new_text)

    def _text_so_far(self) -> str:
        if self.state.answer_kind:
            return self.state.answer
        if self.state.strategy != Turn.Strategy.SINGLE:
            return ""
        return next((candidate.text for candidate in self.state.candidates.values()), "")

    def _check_end(self) -> None:
        if self.state.status == "stopped":
            raise answer_interrupted()
        if self.state.status == "failed" and not self._is_cut_before_text:
            raise self._failure()
        chosen = self.state.candidates.get(self.state.answer_candidate)
        if chosen and chosen.status == "failed":
            # A program would take a partial answer for a complete one.
            raise turn_failed(chosen.error)

    def _failure(self) -> ApiError:
        candidates = list(self.state.candidates.values())
        return turn_failed(
            candidates[0].error if len(candidates) == 1 and candidates[0].error else self.state.error
        )

    async def read_finish_reason(self) -> str:
        """Return why the answer ended: stop, length or content_filter."""
        if self._is_cut_before_text:
            return "length"
        if self.state.answer_kind == "fused":
            return "length" if await self._poll_usage(has_fusion_reached_limit) else "stop"
        candidate = self.state.candidates.get(self.state.answer_candidate)
        return FINISH_REASONS.get(candidate.finish_reason, "stop") if candidate else "stop"

    @property
    def _is_cut_before_text(self) -> bool:
        """Whether every model spent the caller's limit on reasoning: an empty answer, and no failure."""
        candidates = self.state.candidates.values()
        return (
            self.state.status == "failed"
            and bool(candidates)
            and all(
                candidate.status == "done" and candidate.finish_reason == "length" for candidate in candidates
            )
        )

    @property
    def _is_cut_loop(self) -> bool:
        """Whether the answer is what was sent without the repetitions that it ended in."""
        chosen = self.state.candidates.get(self.state.answer_candidate)
        is_loop = chosen is not None and chosen.finish_reason == "loop"
        return is_loop and self.sent_text.startswith(self.state.answer)

    async def _poll_usage(self, read: Callable[[Turn], Stored | None]) -> Stored | None:
        # No event carries the usage of the fusion; it is stored when the turn is closed.
        for _try in range(USAGE_POLL_TRIES):
            stored = await run_in_db_thread(read, self.turn)
            if stored is not None:
                return stored
            await asyncio.sleep(USAGE_POLL_SECONDS)
        return None

    async def count_tokens(self) -> tuple[int, int]:
        """Return the input and output tokens of all models together."""
        if self.state.answer_kind == "fused":
            stored = await self._poll_usage(count_turn_tokens)
            if stored:
                return stored
        candidates = self.state.candidates.values()
        return sum(candidate.input_tokens for candidate in candidates), sum(
            candidate.output_tokens for candidate in candidates
        )

    def describe(self) -> dict[str, Any]:
        """Return the `jjamppong` object of a response: panel, ranking, agreement, cost and duration."""
        state, ranking = self.state, self.state.ranking
        return {
            "turn": str(self.turn.public_id),
            "strategy": state.strategy,
            "strategy_change": state.change or None,
            "reasons": list(state.reasons),
            "answer": state.answer_kind,
            "answer_model": state.answering_model,
            "panel": [_describe_candidate(candidate) for candidate in state.candidates.values()],
            "ranking": [
                {"model": state.candidates[row.candidate].model, "score": row.score, "reasons": row.reasons}
                for row in (ranking.standings if ranking else ())
                if row.candidate in state.candidates
            ],
            "agreement": ranking
            and {
                "agreeing": ranking.agreeing,
                "compared": ranking.compared,
                "confidence": ranking.confidence,
            },
            "cost_micros": state.cost_micros,
            "duration_ms": state.duration_ms,
        }


def _describe_candidate(candidate: CandidateState) -> dict[str, Any]:
    return {
        "model": candidate.model,
        "name": candidate.name,
        "status": candidate.status,
        "error": candidate.error or None,
        "ttft_ms": candidate.ttft_ms,
        "duration_ms": candidate.duration_ms,
        "prompt_tokens": candidate.input_tokens,
        "completion_tokens": candidate.output_tokens,
        "cost_micros": candidate.cost_micros,
    }
