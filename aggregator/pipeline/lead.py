"""Whose text stands in the answer's place while nothing is decided yet."""

from aggregator.turn_state import TurnState

# A reader who has seen this much of one answer is not moved to another one before the ranking.
SETTLED_LENGTH = 80


def choose_leader(state: TurnState, standings: dict[str, float]) -> str:
    """Return the candidate to show now: the first to speak, or a better one that speaks up early."""
    speaking = [
        seat.candidate
        for seat in state.candidates.values()
        if seat.text and seat.status in {"streaming", "done"}
    ]
    if not speaking:
        return ""
    best = max(speaking, key=lambda candidate: standings.get(candidate, 0.0))
    leader = state.candidates.get(state.leader)
    if leader is None or leader.candidate not in speaking:
        return best
    is_settled = len(leader.text) > SETTLED_LENGTH or leader.status == "done"
    return leader.candidate if is_settled else best
