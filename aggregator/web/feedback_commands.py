"""The commands of a page about an answer; each stores its feedback and returns the reply to the page."""

import uuid
from collections.abc import Awaitable, Callable
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


# By the type of the command.
FEEDBACK_COMMANDS: Final[dict[str, Callable[[User, Command], Awaitable[Reply]]]] = {
    "vote": cast_vote,
    "signal": record_signal,
}
