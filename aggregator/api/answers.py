"""The answer to a call while it is made: its text as it comes, how it ended, and what it took."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from aggregator import runner, selectors
from aggregator.api.refusals import ApiRefusal, broken_off, turn_failed
from aggregator.events import decode
from aggregator.models import Turn
from aggregator.off_loop import off_loop
from aggregator.turn_feed import Entry, Subscription
from aggregator.turn_state import CandidateState, TurnState

KEEP_ALIVE_SECONDS = 10.0
ROUTE_SECONDS = 2.0
KEPT_TRIES = 100
KEPT_STEP_SECONDS = 0.02
# How long a begun stream waits for its first reader, whom only Django's own layers stand before.
READER_SECONDS = 5.0
PIECES = re.compile(r"\S+\s*|\s+")


@dataclass(slots=True)
class Answer:
    """One turn as its caller follows it; whoever begins it closes it, which stops a turn that still runs."""

    turn: Turn
    state: TurnState = field(default_factory=TurnState)
    told: str = ""
    _entries: "asyncio.Queue[Entry]" = field(default_factory=asyncio.Queue)
    _subscription: Subscription | None = None
    _ends: float = 0.0
    _unread: "asyncio.Task[None] | None" = None

    async def begin(self) -> None:
        """Start the turn and wait until it is under way, so that what fails at once can fail plainly."""
        self._ends = time.monotonic() + 2 * settings.TURN_DEADLINE_MS / 1000
        try:
            feed = runner.log_of_this_loop().feed
            self._subscription = await feed.subscribe(str(self.turn.public_id), 0, self._entries.put_nowait)
            await runner.start_turn(self.turn)
            while self._is_running and not self.state.strategy:
                if not await self._advance(ROUTE_SECONDS):
                    break
            self._check_end()
        except BaseException:
            # Whoever calls may hang up here already; nobody else would close what was begun.
            await self.close()
            raise

    async def pieces(self) -> AsyncIterator[str]:
        """Yield the answer's text as it comes, '' when none came for long; raises ApiRefusal."""
        while self._is_running:
            has_news = await self._advance(KEEP_ALIVE_SECONDS)
            for piece in self._news():
                yield piece
            if not has_news:
                yield ""
        for piece in self._news():
            yield piece
        self._check_end()

    def check_whole(self) -> None:
        """Raise ApiRefusal when what was told is not the answer that stands, which cannot be taken back."""
        if self.told != self.state.answer:
            raise broken_off()

    def expect_reader(self) -> None:
        """Close by itself unless a reader comes soon: who hangs up before the first word reads nothing."""
        self._unread = asyncio.create_task(self._close_unread())

    def greet_reader(self) -> None:
        """Leave the closing to whoever reads from now on; raises ApiRefusal when it was closed already."""
        if self._unread:
            self._unread.cancel()
        if self._subscription is None:
            raise broken_off()

    async def _close_unread(self) -> None:
        await asyncio.sleep(READER_SECONDS)
        await self.close()

    async def close(self) -> None:
        """Stop listening, and stop the turn when it has not ended."""
        if self._subscription:
            runner.log_of_this_loop().feed.unsubscribe(self._subscription)
            self._subscription = None
        if self._is_running:
            await runner.stop_turn(self.turn)

    @property
    def _is_running(self) -> bool:
        return self.state.status == "running"

    async def _advance(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                entry = await self._entries.get()
        except TimeoutError:
            if time.monotonic() > self._ends:
                raise turn_failed("timed_out") from None
            return False
        for document in entry.events:
            self.state.apply(decode(document))
        return True

    def _news(self) -> Iterator[str]:
        text = self._text_so_far()
        # A model that is asked again after a crash may begin otherwise; what was told stays told.
        if not text.startswith(self.told):
            return
        news, self.told = text[len(self.told) :], text
        yield from PIECES.findall(news)

    def _text_so_far(self) -> str:
        if self.state.answer_kind:
            return self.state.answer
        if self.state.strategy != Turn.Strategy.SINGLE:
            return ""
        return next((seat.text for seat in self.state.candidates.values()), "")

    def _check_end(self) -> None:
        if self.state.status == "stopped":
            raise broken_off()
        if self.state.status == "failed":
            raise self._failure()
        standing = self.state.candidates.get(self.state.answer_candidate)
        if standing and standing.status == "failed":
            # The page shows half an answer as such; a program would take it for a whole one.
            raise turn_failed(standing.error)

    def _failure(self) -> ApiRefusal:
        seats = list(self.state.candidates.values())
        return turn_failed(seats[0].error if len(seats) == 1 and seats[0].error else self.state.error)

    @property
    def finish_reason(self) -> str:
        """Why the answer ends where it ends: stop, length or content_filter."""
        seat = self.state.candidates.get(self.state.answer_candidate)
        return seat.finish_reason if seat and seat.finish_reason in {"length", "content_filter"} else "stop"

    async def count_tokens(self) -> tuple[int, int]:
        """Return the tokens that all models together read and wrote."""
        if self.state.answer_kind == "fused":
            # What the fuser took is told by no event; the books have it as soon as the turn is kept.
            for _try in range(KEPT_TRIES):
                kept = await off_loop(selectors.tokens_of, self.turn)
                if kept:
                    return kept
                await asyncio.sleep(KEPT_STEP_SECONDS)
        seats = self.state.candidates.values()
        return sum(seat.input_tokens for seat in seats), sum(seat.output_tokens for seat in seats)

    def describe(self) -> dict[str, Any]:
        """Return what only we can tell: the panel, its ranking, how many agree, and the cost."""
        state, ranking = self.state, self.state.ranking
        return {
            "turn": str(self.turn.public_id),
            "strategy": state.strategy,
            "reasons": list(state.reasons),
            "answer": state.answer_kind,
            "answer_model": self._answer_model(),
            "panel": [_describe_seat(seat) for seat in state.candidates.values()],
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

    def _answer_model(self) -> str:
        seat = self.state.candidates.get(self.state.answer_candidate)
        return seat.model if seat else self.state.answer_model


def _describe_seat(seat: CandidateState) -> dict[str, Any]:
    return {
        "model": seat.model,
        "name": seat.name,
        "status": seat.status,
        "error": seat.error or None,
        "ttft_ms": seat.ttft_ms,
        "duration_ms": seat.duration_ms,
        "prompt_tokens": seat.input_tokens,
        "completion_tokens": seat.output_tokens,
        "cost_micros": seat.cost_micros,
    }
