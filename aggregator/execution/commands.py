"""Commands to turns that may run in any process: each is stored first, then the turn is started or woken.

A wakeup that is lost costs seconds, because a running turn reads its stored commands at every checkpoint.
"""

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable
from functools import partial

from redis.exceptions import RedisError

from accounts.models import User
from aggregator.execution.runner import DATABASE_RETRY_SECONDS, get_main_log, start_turn
from aggregator.execution.setup import can_afford_model
from aggregator.infra.concurrency import retry_db, run_in_db_thread
from aggregator.models import Turn
from aggregator.selectors.turns import list_stopping
from aggregator.services import candidates, feedback, turns
from aggregator.services.feedback import get_own_candidate
from aggregator.services.listings import list_offered_models
from aggregator.services.refusal import Refusal

# A candidate shown as failed or stopped may not be stored as such yet: these refusals are tried again.
PASSING_REFUSALS = frozenset({"candidate_not_failed", "candidate_not_found", "turn_running"})
REOPEN_TRIES = 6
REOPEN_RETRY_SECONDS = 0.2


async def stop_turn(turn: Turn) -> None:
    """Stop a turn; the command is stored first, so that a recovery honours it too."""
    if await retry_db(DATABASE_RETRY_SECONDS, partial(turns.request_stop, turn=turn)):
        await wakeup(turn)


async def finish_with(owner: User, turn: Turn, candidate: uuid.UUID) -> None:
    """Stop a turn and let one of its candidates stand as the answer; raises Refusal."""
    await stop_turn(turn)
    follow = partial(feedback.follow_answer, person=owner, turn=turn.public_id, candidate=candidate)
    # What a page shows of a candidate is stored at the next checkpoint, which the stop brings on.
    await _retry_refused(partial(retry_db, DATABASE_RETRY_SECONDS, follow))


async def replace_turn(turn: Turn, request: turns.TurnRequest, *, is_regeneration: bool) -> Turn:
    """Store another version of a turn, and stop what runs on the branch that it leaves; raises Refusal.

    The new turn is not started. The same request sent twice opens one turn.
    """
    store = partial(turns.replace_turn, turn=turn, request=request, is_regeneration=is_regeneration)
    successor = await retry_db(DATABASE_RETRY_SECONDS, store)
    for stopping in await run_in_db_thread(list_stopping, successor.conversation_id):
        await wakeup(stopping)
    return successor


async def retry_candidate(owner: User, candidate_id: uuid.UUID) -> Turn:
    """Ask a failed or stopped candidate again; returns its turn, reopened if it had ended. Raises Refusal."""

    def reopen() -> Turn:
        candidate = get_own_candidate(owner=owner, public_id=candidate_id)
        if not can_afford_model(candidate.turn, candidate.model):
            raise Refusal("model_too_dear")
        return candidates.retry_candidate(candidate=candidate)

    return await _reopen(reopen)


async def add_model(turn: Turn, slug: str) -> Turn:
    """Ask one more model in a turn, which is reopened if it had ended; raises Refusal."""

    def reopen() -> Turn:
        model = next((model for model in list_offered_models() if model.slug == slug), None)
        if model is None:
            raise Refusal("model_not_offered")
        if not can_afford_model(turn, slug):
            raise Refusal("model_too_dear")
        return candidates.add_candidate(turn=turn, model=model)

    return await _reopen(reopen)


async def _reopen(reopen: Callable[[], Turn]) -> Turn:
    turn = await _retry_refused(partial(retry_db, DATABASE_RETRY_SECONDS, reopen))
    await start_turn(turn)
    await wakeup(turn)
    return turn


async def _retry_refused(run: Callable[[], Awaitable[Turn]]) -> Turn:
    for _ in range(REOPEN_TRIES - 1):
        try:
            return await run()
        except Refusal as refusal:
            if refusal.code not in PASSING_REFUSALS:
                raise
        await asyncio.sleep(REOPEN_RETRY_SECONDS)
    return await run()


async def wakeup(turn: Turn) -> None:
    """Let the process that runs a turn read its stored commands now."""
    with contextlib.suppress(RedisError):
        await get_main_log().feed.wakeup(str(turn.public_id))
