"""How the rest of the house reaches a turn that runs."""

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class InsertProgress:
    """How far a turn's row has come; belongs to one event loop."""

    # Becomes True when nothing is against the turn, False when something is.
    is_admitted: "asyncio.Future[bool]"
    # Becomes whether its row is on disk.
    is_done: "asyncio.Future[bool]"

    def end(self, *, is_stored: bool) -> None:
        """Tell how it ended."""
        if not self.is_admitted.done():
            self.is_admitted.set_result(is_stored)
        self.is_done.set_result(is_stored)

    def mark_admitted(self) -> None:
        """Tell that nothing is against the turn."""
        if not self.is_admitted.done():
            self.is_admitted.set_result(True)


def track_insert() -> InsertProgress:
    """Return the insert progress of a turn that is about to begin."""
    loop = asyncio.get_running_loop()
    return InsertProgress(loop.create_future(), loop.create_future())


@dataclass(slots=True)
class TurnControl:
    """Signals to a running turn: stop, look at stored commands, its own row is stored."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    wakeup: asyncio.Event = field(default_factory=asyncio.Event)
    insert_progress: InsertProgress | None = None
    # Whether the turn may have been reopened or deleted while it was being closed.
    must_recheck: bool = False

    async def wait_until_admitted(self) -> None:
        """Wait until models may be asked; ends whoever waits for a turn that is refused."""
        # Several wait for it, and none who is cancelled may take it from the others.
        if self.insert_progress and not await asyncio.shield(self.insert_progress.is_admitted):
            raise asyncio.CancelledError

    async def is_stored(self) -> bool:
        """Wait until the turn is stored; False when it never will be."""
        return self.insert_progress is None or await asyncio.shield(self.insert_progress.is_done)

    async def wait_until_stored(self) -> None:
        """Wait until the turn is stored; ends whoever waits for one that never will be."""
        if not await self.is_stored():
            raise asyncio.CancelledError
