"""How the rest of the house reaches a turn that runs."""

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class Signs:
    """What is told to a running turn: to stop, that a wish about it was stored, that it is stored itself."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    nudge: asyncio.Event = field(default_factory=asyncio.Event)
    stored: "asyncio.Future[bool] | None" = None

    async def is_stored(self) -> bool:
        """Wait until the turn is stored; False when it never will be."""
        # Several wait for it, and none who is cancelled may take it from the others.
        return self.stored is None or await asyncio.shield(self.stored)

    async def await_storing(self) -> None:
        """Wait until the turn is stored; ends whoever waits for one that never will be."""
        if not await self.is_stored():
            raise asyncio.CancelledError
