"""What may end the waiting of a turn in the queue before its place is free: a stop, or that it is gone."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

from django.db import InterfaceError, OperationalError

from aggregator.models import Turn
from aggregator.off_loop import off_loop
from aggregator.signs import Signs

# A nudge can be lost, and the database be slow: then the place in the queue counts for more.
LOOK_EVERY_SECONDS, LOOK_SECONDS = 6, 3


@dataclass(slots=True)
class Wait:
    """One turn's waiting; it holds no place while it asks, so nobody waits for its looks."""

    turn: Turn
    signs: Signs
    was_nudged: bool = False
    looked_at: float = field(default_factory=time.monotonic)

    async def is_over(self) -> bool:
        """Whether to go on without a place, as nothing will be asked any more; `signs` tell why."""
        if self.signs.stop.is_set():
            return True
        storing = self.signs.storing
        if storing and not (storing.is_done.done() and storing.is_done.result()):
            # One that is refused is not worked on.
            return storing.is_done.done()
        if not self.signs.nudge.is_set() and time.monotonic() - self.looked_at < LOOK_EVERY_SECONDS:
            return False
        self.was_nudged |= self.signs.nudge.is_set()
        self.signs.nudge.clear()
        self.looked_at = time.monotonic()
        with contextlib.suppress(OperationalError, InterfaceError, TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                if await off_loop(_is_wanted, self.turn):
                    return False
            self.signs.stop.set()
        return self.signs.stop.is_set()

    def pass_on(self) -> None:
        """Let whoever works on the turn from now on look at what was asked meanwhile."""
        if self.was_nudged:
            self.signs.nudge.set()


def _is_wanted(turn: Turn) -> bool:
    return Turn.objects.filter(pk=turn.pk, stop_asked_at=None).exists()
