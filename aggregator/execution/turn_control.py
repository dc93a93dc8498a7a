"""How other tasks and processes reach a turn that runs or waits: stop, wake up, stored or not."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

from django.db import InterfaceError, OperationalError

from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import Turn
from aggregator.selectors.turns import is_wanted

# A wakeup can be lost, so a waiting turn's row is checked; a slow database must not hold up the queue.
CHECK_EVERY_SECONDS, CHECK_TIMEOUT_SECONDS = 6, 3


@dataclass(slots=True)
class InsertProgress:
    """How far the insertion of a turn has come; belongs to one event loop."""

    # True once the turn is admitted, False if it is refused.
    is_admitted: "asyncio.Future[bool]"
    # Whether the turn's row was committed.
    is_done: "asyncio.Future[bool]"

    def end(self, *, is_stored: bool) -> None:
        """Record how the insertion ended."""
        if not self.is_admitted.done():
            self.is_admitted.set_result(is_stored)
        self.is_done.set_result(is_stored)

    def mark_admitted(self) -> None:
        """Record that the turn is admitted."""
        if not self.is_admitted.done():
            self.is_admitted.set_result(True)

    @property
    def is_pending(self) -> bool:
        """Whether the row may still be committed."""
        return not self.is_done.done()

    @property
    def has_failed(self) -> bool:
        """Whether the row will never be committed."""
        return self.is_done.done() and not self.is_done.result()


def track_insert() -> InsertProgress:
    """Return the insert progress of a turn that is about to be stored."""
    loop = asyncio.get_running_loop()
    return InsertProgress(loop.create_future(), loop.create_future())


@dataclass(slots=True)
class TurnControl:
    """Signals to one pass over a turn: stop, read the stored commands, the row is stored."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    wakeup: asyncio.Event = field(default_factory=asyncio.Event)
    # None for a turn that was stored before the pass began.
    insert_progress: InsertProgress | None = None
    # Whether the turn may have been reopened or deleted while it was being closed.
    must_recheck: bool = False

    async def wait_until_admitted(self) -> None:
        """Wait until models may be asked; raises CancelledError if the turn is refused."""
        # Shielded, because several tasks wait for it and one that is cancelled must not cancel it.
        if self.insert_progress and not await asyncio.shield(self.insert_progress.is_admitted):
            raise asyncio.CancelledError

    async def is_stored(self) -> bool:
        """Wait until the insertion has ended and return whether the turn is stored."""
        return self.insert_progress is None or await asyncio.shield(self.insert_progress.is_done)

    async def wait_until_stored(self) -> None:
        """Wait until the turn is stored; raises CancelledError if it never will be."""
        if not await self.is_stored():
            raise asyncio.CancelledError


@dataclass(slots=True)
class QueueWait:
    """Lets a turn that waits for a place in the queue leave it when it is stopped, deleted or refused."""

    turn: Turn
    control: TurnControl
    was_woken: bool = False
    checked_at: float = field(default_factory=time.monotonic)

    async def is_cancelled(self) -> bool:
        """Return whether to go on without a place, because no model will be asked."""
        control = self.control
        if control.stop.is_set():
            return True
        if (progress := control.insert_progress) and (progress.is_pending or progress.has_failed):
            return progress.has_failed
        if not control.wakeup.is_set() and time.monotonic() - self.checked_at < CHECK_EVERY_SECONDS:
            return False
        self.was_woken |= control.wakeup.is_set()
        control.wakeup.clear()
        self.checked_at = time.monotonic()
        with contextlib.suppress(OperationalError, InterfaceError, TimeoutError):
            async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
                if await run_in_db_thread(is_wanted, self.turn):
                    return False
            control.stop.set()
        return control.stop.is_set()

    def restore_wakeup(self) -> None:
        """Set the wakeup again that the queue has consumed, so that the turn reads its commands."""
        if self.was_woken:
            self.control.wakeup.set()
