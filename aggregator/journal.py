"""A running turn's pen: every event goes to the log and into the state that will be kept."""

import asyncio
from dataclasses import dataclass, field

from aggregator import selectors
from aggregator.events import CandidateDelta, Event, MoreText
from aggregator.models import Turn
from aggregator.off_loop import outlast
from aggregator.retelling import retell
from aggregator.turn_log import TurnLog, decode_entries
from aggregator.turn_state import TurnState, reduce

# How long a database that restarts is waited for.
ROWS_SECONDS = 600


@dataclass(slots=True)
class Journal:
    """Writes one turn's events; belongs to whoever holds the turn's lease."""

    log: TurnLog
    turn: str
    state: TurnState
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def emit(self, event: Event) -> None:
        """Append an event; raises LogTaken when another process writes this turn."""
        seats = self.state.candidates
        if isinstance(event, CandidateDelta) and event.ttft_ms is None and event.candidate in seats:
            # Thousands of these make a turn: a place in the panel is told in a fraction of a name's bytes.
            event = MoreText(list(seats).index(event.candidate), event.text)
        self.log.append(self.turn, event)
        self.state.apply(event)
        self.changed.set()

    async def flush(self) -> int:
        """Wait until all events are in the log and return the place of the last one."""
        return await self.log.flush(self.turn)


def _read_rows(turn: Turn) -> TurnState:
    return selectors.state_of(selectors.with_parts(Turn.objects.filter(pk=turn.pk)).get())


async def open_journal(log: TurnLog, turn: Turn, *, is_new: bool = False) -> Journal:
    """Go on where the log of a turn ends, or where its rows end when the log, or its end, is lost.

    A turn that nobody can have begun has no log to read; should there be one, writing is refused.
    """
    name = str(turn.public_id)
    entries = [] if is_new else await log.read(name)
    written = entries[-1].seq if entries else 0
    is_lost = written < turn.last_seq
    state = (
        await outlast(ROWS_SECONDS, lambda: _read_rows(turn)) if is_lost else reduce(decode_entries(entries))
    )
    log.open_page(name, turn.last_seq if is_lost else written, written, lambda: retell(state))
    if is_lost:
        log.tell_anew(name)
    return Journal(log, name, state)
