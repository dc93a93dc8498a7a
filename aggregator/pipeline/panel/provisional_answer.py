"""Whose text stands in the answer's place while nothing is decided yet, and what it then stands as."""

from collections.abc import Sequence

from aggregator.domain.turn_state import TurnState
from aggregator.pipeline.panel.fan_out import Outcome
from aggregator.pipeline.routing.plan_options import CASCADE, SINGLE, VOTE
from aggregator.pipeline.types import Ranking, Route

# A reader who has seen this much of one answer is not moved to another one before the ranking.
STICKY_CHARS = 80


def choose_leader(state: TurnState, standings: dict[str, float]) -> str:
    """Return the candidate to show now: the first to speak, or a better one that speaks up early."""
    speaking = [
        slot.candidate
        for slot in state.candidates.values()
        if slot.text and slot.status in {"streaming", "done"}
    ]
    if not speaking:
        return ""
    best = max(speaking, key=lambda candidate: standings.get(candidate, 0.0))
    leader = state.candidates.get(state.leader)
    if leader is None or leader.candidate not in speaking:
        return best
    is_settled = len(leader.text) > STICKY_CHARS or leader.status == "done"
    return leader.candidate if is_settled else best


def name_answer_kind(route: Route, usable: Sequence[Outcome], ranking: Ranking) -> str:
    """Return what the best candidate stands as: the only one asked, the only one left, voted, or best."""
    if len(route.slots) == 1:
        return SINGLE
    if len(usable) == 1:
        return "lone"
    return VOTE if route.strategy in {VOTE, CASCADE} and ranking.agreeing > 1 else "best"
