"""The commands of a page about an answer; each stores its feedback and returns the reply to the page."""

import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from accounts.models import User
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.services import feedback

Command = dict[str, Any]
Reply = dict[str, Any]


async def cast_vote(owner: User, command: Command) -> Reply:
    """Store a vote for a candidate of the owner's turns; raises Refusal."""
    public_id = uuid.UUID(str(command["candidate"]))
    candidate = await run_in_db_thread(feedback.cast_own_vote, voter=owner, public_id=public_id)
    return {"type": "voted", "candidate": str(candidate.public_id)}


async def record_signal(owner: User, command: Command) -> Reply:
    """Store a signal about a candidate of the owner's turns; raises Refusal."""
    kind, public_id = str(command["kind"]), uuid.UUID(str(command["candidate"]))
    candidate = await run_in_db_thread(
        feedback.record_own_signal, person=owner, public_id=public_id, kind=kind
    )
    return {"type": "signalled", "candidate": str(candidate.public_id), "kind": kind}


async def rate_answer(owner: User, command: Command) -> Reply:
    """Store or take back what the owner says of an answer; raises Refusal."""
    turn, verdict = uuid.UUID(str(command["turn"])), str(command.get("verdict") or "")
    reason, comment = str(command.get("reason") or ""), str(command.get("comment") or "")
    rate = partial(feedback.rate_answer, turn=turn, verdict=verdict, reason=reason, comment=comment)
    await run_in_db_thread(rate, person=owner)
    return {"type": "rated", "turn": str(turn), "verdict": verdict}


async def follow_answer(owner: User, command: Command) -> Reply:
    """Let the conversation go on from a candidate, or from the turn's own answer again; raises Refusal."""
    turn, candidate = uuid.UUID(str(command["turn"])), command.get("candidate")
    followed = uuid.UUID(str(candidate)) if candidate else None
    await run_in_db_thread(feedback.follow_answer, person=owner, turn=turn, candidate=followed)
    return {"type": "followed", "turn": str(turn), "candidate": str(followed or "")}


# By the type of the command.
FEEDBACK_COMMANDS: Final[dict[str, Callable[[User, Command], Awaitable[Reply]]]] = {
    "vote": cast_vote,
    "signal": record_signal,
    "rate": rate_answer,
    "follow": follow_answer,
}
