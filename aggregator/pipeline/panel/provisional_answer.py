"""Chooses the candidate shown as the answer before the ranking, and names what a chosen one counts as."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from aggregator.domain.turn_state import TurnState
from aggregator.pipeline.panel.panel import Outcome
from aggregator.pipeline.types import Ranking, Route, Strategy

# Once this much of one answer was read, another one replaces it only by the ranking.
STICKY_CHARS = 80


def choose_leader(state: TurnState, quality_priors: Mapping[str, float]) -> str:
    """Return the candidate to show now: the first with text, or a better one that starts soon after it."""
    writing = [
        candidate.candidate
        for candidate in state.candidates.values()
        if candidate.text and candidate.status in {"streaming", "done"}
    ]
    if not writing:
        return ""
    best = max(writing, key=lambda candidate: quality_priors.get(candidate, 0.0))
    leader = state.candidates.get(state.leader)
    if leader is None or leader.candidate not in writing:
        return best
    is_settled = len(leader.text) > STICKY_CHARS or leader.status == "done"
    return leader.candidate if is_settled else best


def name_answer_kind(route: Route, usable: Sequence[Outcome], ranking: Ranking) -> str:
    """Return the kind of an answer that is a candidate as it is: single, lone, vote or best."""
    if len(route.slots) == 1:
        return "single"
    if len(usable) == 1:
        return "lone"
    is_voted = route.strategy in {Strategy.VOTE, Strategy.CASCADE} and ranking.agreeing > 1
    return "vote" if is_voted else "best"


def keep_first(ranking: Ranking, candidate: str) -> Ranking:
    """Return a ranking with the candidate that is being read first, and with how many agree with it."""
    kept = next((row for row in ranking.standings if row.candidate == candidate), None)
    if kept is None or kept is ranking.standings[0]:
        return ranking
    others = tuple(row for row in ranking.standings if row is not kept)
    if kept.group == ranking.standings[0].group or not ranking.compared:
        return replace(ranking, standings=(kept, *others))
    agreeing = sum(row.group == kept.group for row in ranking.standings)
    return replace(ranking, standings=(kept, *others), agreeing=agreeing, confidence=None)
