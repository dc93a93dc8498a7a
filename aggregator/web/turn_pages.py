"""Stored turns as the page's templates show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aggregator.domain.events import encode
from aggregator.domain.turn_state import CandidateState, TurnState, reduce_events
from aggregator.models import Candidate, Turn
from aggregator.selectors.turns import rebuild_events


@dataclass(frozen=True, slots=True)
class TurnView:
    """One turn of the transcript: its state for pages without JavaScript, its events for those with it."""

    public_id: str
    number: int
    prompt: str
    status: str
    seq: int
    state: TurnState
    candidates: tuple[CandidateState, ...]
    answer: str
    events: list[dict[str, Any]]
    voted: str
    continued: str
    replaced_by: str


def view_turns(turns: Sequence[Turn]) -> list[TurnView]:
    """Return turns ready to show."""
    return [_view(turn) for turn in turns]


def earlier_than(turns: Sequence[Turn]) -> int:
    """Return the number before which there are more turns, or 0."""
    return turns[0].number if turns and turns[0].number > 1 else 0


def _view(turn: Turn) -> TurnView:
    history = rebuild_events(turn)
    state = reduce_events(history)
    votes = list(turn.votes.all())
    voted_pk = votes[0].candidate_id if votes else None
    voted: list[Candidate] = [row for row in turn.candidates.all() if row.pk == voted_pk]
    return TurnView(
        public_id=str(turn.public_id),
        number=turn.number,
        prompt=turn.prompt,
        status=turn.status,
        # A running turn is read from the start of its log, which may be ahead of its rows.
        seq=0 if turn.status == Turn.Status.RUNNING else turn.last_seq,
        state=state,
        candidates=tuple(state.candidates.values()),
        answer=state.answer,
        events=[encode(event) for event in history],
        continued=next(
            (str(row.public_id) for row in turn.candidates.all() if row.pk == turn.continued_with_id), ""
        ),
        voted=str(voted[0].public_id) if voted else "",
        replaced_by=str(turn.replaced_by.public_id) if turn.replaced_by else "",
    )
