"""How the rest of the house reaches a turn that runs."""

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class Storing:
    """How far a turn's row has come; belongs to one event loop."""

    # Becomes True when nothing is against the turn, False when something is.
    may_run: "asyncio.Future[bool]"
    # Becomes whether its row is on disk.
    is_done: "asyncio.Future[bool]"

    def end(self, *, is_stored: bool) -> None:
        """Tell how it ended."""
        if not self.may_run.done():
            self.may_run.set_result(is_stored)
        self.is_done.set_result(is_stored)

    def note_room(self) -> None:
        """Tell that nothing is against the turn."""
        if not self.may_run.done():
            self.may_run.set_result(True)


def begin_storing() -> Storing:
    """Return the storing of a turn that is about to begin."""
    loop = asyncio.get_running_loop()
    return Storing(loop.create_future(), loop.create_future())


@dataclass(slots=True)
class Signs:
    """What is told to a running turn: to stop, that a wish about it was stored, that it is stored itself."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    nudge: asyncio.Event = field(default_factory=asyncio.Event)
    storing: Storing | None = None
    # Whether the turn may have been reopened or deleted while it was being closed.
    is_wanted: bool = False

    async def await_room(self) -> None:
        """Wait until models may be asked; ends whoever waits for a turn that is refused."""
        # Several wait for it, and none who is cancelled may take it from the others.
        if self.storing and not await asyncio.shield(self.storing.may_run):
            raise asyncio.CancelledError

    async def is_stored(self) -> bool:
        """Wait until the turn is stored; False when it never will be."""
        return self.storing is None or await asyncio.shield(self.storing.is_done)

    async def await_storing(self) -> None:
        """Wait until the turn is stored; ends whoever waits for one that never will be."""
        if not await self.is_stored():
            raise asyncio.CancelledError
