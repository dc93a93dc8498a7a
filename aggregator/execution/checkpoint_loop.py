"""Saves a running turn's state every few seconds, and carries out the commands stored meanwhile."""

import asyncio
import contextlib
import logging
from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError, OperationalError

from aggregator.execution.stages import PanelStages
from aggregator.execution.turn_run import TurnRun
from aggregator.infra.flush_scheduler import get_flush_scheduler
from aggregator.storage.checkpoint import PendingCommands, save_checkpoint

logger = logging.getLogger(__name__)

CHECKPOINT_SECONDS = 6


@dataclass(slots=True)
class CheckpointLoop:
    """The checkpoints of one pass over a turn."""

    run: TurnRun
    # None until the turn has a route.
    stages: PanelStages | None = None

    async def repeat(self) -> None:
        """Save checkpoints every few seconds, and at once after a wakeup, until cancelled."""
        control = self.run.control
        await control.wait_until_stored()
        while True:
            # Not wait_for, which in Python 3.11 can lose the cancellation that ends this task.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CHECKPOINT_SECONDS):
                    await control.wakeup.wait()
            if not control.wakeup.is_set():
                await get_flush_scheduler().yield_when_busy()
            control.wakeup.clear()
            if pending := await self._save():
                await self._carry_out(pending)

    async def _save(self) -> PendingCommands | None:
        run = self.run
        seq = await run.writer.flush()
        if self.stages:
            self.stages.record_outcomes()
        calls = run.usage.finished_calls
        try:
            return await save_checkpoint(turn=run.turn, state=run.state, seq=seq, calls=calls)
        except (OperationalError, InterfaceError):
            # The next checkpoint tries a database that restarts again; closing the turn waits for it.
            return None
        except DatabaseError:
            logger.exception("turn %s: no checkpoint saved, trying again", run.turn.public_id)
            return None

    async def _carry_out(self, pending: PendingCommands) -> None:
        """Stop, or ask candidates; what comes too late is found when the turn is closed."""
        if pending.stop:
            self.run.control.stop.set()
        if self.stages:
            await self.stages.ask_candidates(pending.candidates)
