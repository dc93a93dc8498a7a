"""Keep what a person reads in its place: candidates change places only for a good reason."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from aggregator.infra.telemetry import span
from aggregator.pipeline.ranking.rank import MIN_LEAD, keep_order, rank
from aggregator.pipeline.types import Draft, Question, Ranking


@span("rank")
def rank_stably(
    question: Question, drafts: Sequence[Draft], shown: Sequence[str], read_chars: int
) -> Ranking:
    """Rank drafts, holding the shown order where the new one is hardly better."""
    new_chars = sum(len(draft.text) for draft in drafts) - read_chars
    return stabilise_order(shown, rank(question, drafts), new_chars=new_chars)


def stabilise_order(shown: Sequence[str], ranking: Ranking, *, new_chars: int) -> Ranking:
    """Return the ranking in the order to show; a counted vote moves at once, as it is no matter of taste.

    Who was not shown yet takes the place of its score, and the first one only when it leads clearly.
    """
    by_name = {row.candidate: row for row in ranking.standings}
    known = [name for name in shown if name in by_name]
    if not known or ranking.compared:
        return ranking
    kept = replace(ranking, standings=tuple(row for row in ranking.standings if row.candidate in known))
    order = list(keep_order(known, kept, new_chars=new_chars))
    margin = MIN_LEAD * float(np.std([row.score for row in ranking.standings]))
    for row in ranking.standings:
        if row.candidate in order:
            continue
        place = next((p for p, name in enumerate(order) if by_name[name].score < row.score), len(order))
        leads = row.score - by_name[order[0]].score > margin
        order.insert(place if place or leads else 1, row.candidate)
    return replace(ranking, standings=tuple(by_name[name] for name in order))
