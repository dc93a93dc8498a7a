"""Writes a running turn's events to its log and applies them to its state."""

from dataclasses import dataclass
from functools import partial

from aggregator.domain.events import CandidateDelta, Event, MoreText
from aggregator.domain.snapshot import build_snapshot_events
from aggregator.domain.turn_state import TurnState, reduce_events
from aggregator.infra.concurrency import retry_db
from aggregator.models import Turn
from aggregator.selectors.turns import build_turn_state, get_turn_with_related
from aggregator.streaming.turn_log import TurnLog, decode_entries

# How long to wait for a database that restarts.
DATABASE_RETRY_SECONDS = 600


@dataclass(slots=True)
class EventWriter:
    """Writes one turn's events; used only while the turn's lease is held."""

    log: TurnLog
    turn: str
    state: TurnState

    async def emit(self, event: Event) -> None:
        """Append an event; raises FencedError if another process writes this turn."""
        candidates = self.state.candidates
        if isinstance(event, CandidateDelta) and event.ttft_ms is None and event.candidate in candidates:
            # A turn has thousands of these, and a position in the panel takes a fraction of an id's bytes.
            event = MoreText(list(candidates).index(event.candidate), event.text)
        self.log.append(self.turn, event)
        self.state.apply(event)

    async def flush(self) -> int:
        """Wait until all events are in the log and return the number of the last one."""
        return await self.log.flush(self.turn)


async def open_event_writer(log: TurnLog, turn: Turn, *, is_new: bool = False) -> EventWriter:
    """Return a writer that continues after the end of a turn's log, or after its rows if the log is lost.

    The log of a new turn is not read; should there be one, the first write fails with FencedError.
    """
    name = str(turn.public_id)
    entries = [] if is_new else await log.read(name)
    written = entries[-1].seq if entries else 0
    is_lost = written < turn.last_seq
    state = (
        await retry_db(DATABASE_RETRY_SECONDS, partial(_load_state, turn))
        if is_lost
        else reduce_events(decode_entries(entries))
    )
    log.open_writer(
        name, turn.last_seq if is_lost else written, written, lambda: build_snapshot_events(state)
    )
    if is_lost:
        log.rewrite(name)
    return EventWriter(log, name, state)


def _load_state(turn: Turn) -> TurnState:
    return build_turn_state(get_turn_with_related(turn))
