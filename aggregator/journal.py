"""A running turn's pen: every event goes to the log and into the state that will be kept."""

import asyncio
from dataclasses import dataclass, field

from aggregator import selectors
from aggregator.events import Event
from aggregator.models import Turn
from aggregator.turn_log import TurnLog, decode_entries
from aggregator.turn_state import TurnState, reduce

# When the log of a running turn is lost, its numbers go on far above all that a browser can have seen.
LOST_LOG_GAP = 100_000


@dataclass(slots=True)
class Journal:
    """Writes one turn's events; belongs to whoever holds the turn's lease."""

    log: TurnLog
    turn: str
    state: TurnState
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def emit(self, event: Event) -> None:
        """Append an event; raises LogTaken when another process writes this turn."""
        self.log.append(self.turn, event)
        self.state.apply(event)
        self.changed.set()

    async def flush(self) -> int:
        """Wait until all events are in the log and return the place of the last one."""
        return await self.log.flush(self.turn)


async def open_journal(log: TurnLog, turn: Turn) -> Journal:
    """Go on where the log of a turn ends, or where its rows end when the log is lost."""
    name = str(turn.public_id)
    entries = await log.read(name)
    if entries:
        log.open_page(name, entries[-1].seq)
        return Journal(log, name, reduce(decode_entries(entries)))
    log.open_page(name, turn.last_seq + LOST_LOG_GAP if turn.last_seq else 0)
    journal = Journal(log, name, TurnState())
    if turn.last_seq:
        for event in selectors.replay(turn):
            await journal.emit(event)
    return journal
