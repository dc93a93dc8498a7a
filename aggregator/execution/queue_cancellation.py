"""What may end the waiting of a turn in the queue before its place is free: a stop, or that it is gone."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

from django.db import InterfaceError, OperationalError

from aggregator.execution.turn_control import TurnControl
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Turn

# A wakeup can be lost, and the database be slow: then the place in the queue counts for more.
CHECK_EVERY_SECONDS, CHECK_TIMEOUT_SECONDS = 6, 3


@dataclass(slots=True)
class QueueWait:
    """One turn's waiting; it holds no place while it asks, so nobody waits for its looks."""

    turn: Turn
    control: TurnControl
    was_woken: bool = False
    checked_at: float = field(default_factory=time.monotonic)

    async def is_cancelled(self) -> bool:
        """Whether to go on without a place, as nothing will be asked any more; `control` tell why."""
        if self.control.stop.is_set():
            return True
        insert_progress = self.control.insert_progress
        if insert_progress and not (insert_progress.is_done.done() and insert_progress.is_done.result()):
            # One that is refused is not worked on.
            return insert_progress.is_done.done()
        if not self.control.wakeup.is_set() and time.monotonic() - self.checked_at < CHECK_EVERY_SECONDS:
            return False
        self.was_woken |= self.control.wakeup.is_set()
        self.control.wakeup.clear()
        self.checked_at = time.monotonic()
        with contextlib.suppress(OperationalError, InterfaceError, TimeoutError):
            async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
                if await run_in_db_thread(_is_still_wanted, self.turn):
                    return False
            self.control.stop.set()
        return self.control.stop.is_set()

    def restore_wakeup(self) -> None:
        """Let whoever works on the turn from now on look at what was asked meanwhile."""
        if self.was_woken:
            self.control.wakeup.set()


def _is_still_wanted(turn: Turn) -> bool:
    return Turn.objects.filter(pk=turn.pk, stop_asked_at=None).exists()
