"""Asks calls of a run that have not ended before, and stores each as it ends."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from aggregator.calibration.ask import (
    Ask,
    Asker,
    LimitCost,
    PlannedCall,
    SpendingLimit,
    ask_once,
    limit_call_cost,
)
from aggregator.infra.concurrency import retry_db, run_in_db_thread
from aggregator.selectors import calibration_runs as selectors
from aggregator.services import calibration_runs as services
from aggregator.services.calibration_runs import FinishedCall

DATABASE_RETRY_SECONDS = 60
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunAsker:
    """Asks the calls of one run, within what is left of its budget, until `stop`."""

    run_id: int
    stop: asyncio.Event

    async def ask_all(
        self, calls: Sequence[PlannedCall], *, ask: Ask = ask_once, limit_cost: LimitCost = limit_call_cost
    ) -> None:
        """Ask those calls that have not ended before."""
        run = await retry_db(DATABASE_RETRY_SECONDS, partial(selectors.find_run, self.run_id))
        ended = await run_in_db_thread(selectors.list_ended_calls, self.run_id, services.LASTING_ERRORS)
        left = [
            call
            for call in calls
            if (call.question_id, call.role, call.model.slug, call.subject) not in ended
        ]
        if run is None or self.stop.is_set() or not left:
            return
        limit = SpendingLimit(run.budget_micros, run.cost_micros)
        asker = Asker(limit, self.stop, self._store, ask, limit_cost)
        await asker.ask_all(left)
        for slug, error in asker.given_up.items():
            logger.warning("calibration %s: %s is not asked any more (%s)", self.run_id, slug, error)
        if limit.was_reached:
            await run_in_db_thread(services.note_over_budget, self.run_id)

    async def _store(self, call: FinishedCall) -> None:
        await retry_db(DATABASE_RETRY_SECONDS, partial(services.store_call, self.run_id, call))
