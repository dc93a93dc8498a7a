"""What an admin reads of one turn: what was said, who answered, what it cost, what people did."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aggregator.domain.exchange import Exchange
from aggregator.models import AnswerRating, Candidate, Signal, Turn, Usage
from aggregator.selectors.conversations import list_exchanges
from aggregator.selectors.turns import answer_text_of, get_turn_with_related


@dataclass(frozen=True, slots=True)
class CandidateReport:
    """A candidate with its rank (0 without one), its propensity and what people did with it."""

    row: Candidate
    rank: int
    score: float | None
    reasons: tuple[str, ...]
    propensity: float | None
    is_answer: bool
    votes: int
    signals: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TurnReport:
    """A turn with its conversation before it, its candidates by rank, its calls and what people say."""

    turn: Turn
    exchanges: tuple[Exchange, ...]
    answer: str
    candidates: tuple[CandidateReport, ...]
    usages: tuple[Usage, ...]
    ratings: tuple[AnswerRating, ...]

    @property
    def route(self) -> dict[str, Any]:
        """The plan of the route; empty for a turn that none was made for."""
        plan: dict[str, Any] = self.turn.route or {}
        return plan


def read_turn_report(turn: Turn) -> TurnReport:
    """Return the report of a turn, in seven queries."""
    turn = get_turn_with_related(turn)
    signals = Signal.objects.filter(candidate__turn=turn).values_list("candidate_id", "kind")
    return TurnReport(
        turn=turn,
        exchanges=list_exchanges(turn),
        answer=answer_text_of(turn),
        candidates=_rank_candidates(turn, list(signals)),
        ratings=tuple(AnswerRating.objects.filter(turn=turn).order_by("created_at", "pk")),
        usages=tuple(Usage.objects.filter(turn=turn).order_by("created_at", "pk")),
    )


def _rank_candidates(turn: Turn, signals: Sequence[tuple[int, str]]) -> tuple[CandidateReport, ...]:
    standings = {
        row["candidate"]: (rank, row)
        for rank, row in enumerate((turn.ranking or {}).get("standings", ()), start=1)
    }
    votes = Counter(vote.candidate_id for vote in turn.votes.all())
    propensities: dict[str, float] = (turn.route or {}).get("propensities", {})
    reports = []
    for row in turn.candidates.all():
        rank, standing = standings.get(str(row.public_id), (0, {}))
        reports.append(
            CandidateReport(
                row=row,
                rank=rank,
                score=standing.get("score"),
                reasons=tuple(standing.get("reasons", ())),
                propensity=propensities.get(row.model),
                is_answer=row.pk == turn.answer_candidate_id,
                votes=votes[row.pk],
                signals=Counter(kind for candidate, kind in signals if candidate == row.pk),
            )
        )
    return tuple(sorted(reports, key=lambda report: (report.rank or len(reports) + 1, report.row.position)))
