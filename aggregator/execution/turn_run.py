"""The state of one pass over a turn: what its stages share."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from aggregator.domain.events import Event, PanelMember
from aggregator.domain.snapshot import build_route_event
from aggregator.domain.turn_state import TurnState
from aggregator.execution.turn_control import TurnControl
from aggregator.models import Candidate, Turn
from aggregator.storage.usage import UsageRecorder
from aggregator.streaming.event_writer import EventWriter

# A turn's rows are worth waiting out a database's longest restart.
CLOSE_RETRY_SECONDS = 600


@dataclass(slots=True)
class TurnRun:
    """One pass over a turn, from the first event it writes to the last."""

    turn: Turn
    writer: EventWriter
    control: TurnControl
    usage: UsageRecorder = field(default_factory=UsageRecorder)
    started_at: float = field(default_factory=time.monotonic)
    # Whether calls of the turn may be stored already.
    has_earlier_pass: bool = False
    # Whether the full judgement of the prompt has found a crisis and stopped the models.
    is_crisis: bool = False
    # When the answer was settled; its candidates that are still written then end without changing it.
    settled_ms: int | None = None
    # How each call ended, as model slug and error code, for the circuit breaker.
    call_results: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.has_earlier_pass = self.turn.attempt > 1 or bool(self.state.turn)

    @property
    def state(self) -> TurnState:
        """The turn's state after the events written so far."""
        return self.writer.state

    @property
    def is_stopped(self) -> bool:
        """Whether the turn is to stop."""
        return self.control.stop.is_set()

    @property
    def elapsed_ms(self) -> int:
        """Milliseconds since this pass began."""
        return round((time.monotonic() - self.started_at) * 1000)

    async def emit(self, event: Event) -> None:
        """Write an event to the turn's log and apply it to the state."""
        await self.writer.emit(event)

    async def add_to_panel(self, rows: Iterable[Candidate]) -> None:
        """Emit the route with stored candidates added to its panel."""
        await self.add_members(
            [PanelMember(str(row.public_id), row.model, row.model_name, row.vendor) for row in rows]
        )

    async def add_members(self, members: Sequence[PanelMember], *reasons: str) -> None:
        """Emit the route with members added to its panel, and with the reasons for that."""
        route = build_route_event(self.state, members)
        await self.emit(replace(route, reasons=(*route.reasons, *reasons)))
