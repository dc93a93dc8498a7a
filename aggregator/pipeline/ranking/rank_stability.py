"""Keeps the shown order of candidates stable: it changes only for a clear lead and enough new text."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from aggregator.infra.telemetry import span
from aggregator.pipeline.ranking.rank import rank
from aggregator.pipeline.types import Draft, Question, Ranking

# A lead of this many standard deviations of the scores, and this many characters since the last ranking.
MIN_LEAD = 0.3
MIN_NEW_CHARS = 300


@span("rank")
def rank_stably(
    question: Question, drafts: Sequence[Draft], shown: Sequence[str], read_chars: int
) -> Ranking:
    """Rank drafts in an order that changes from the shown one only where needed."""
    new_chars = sum(len(draft.text) for draft in drafts) - read_chars
    return stabilise_order(shown, rank(question, drafts), new_chars=new_chars)


def stabilise_order(shown: Sequence[str], ranking: Ranking, *, new_chars: int) -> Ranking:
    """Return the ranking in the order to show; the result of a vote is shown at once.

    A candidate that was not shown yet is inserted by its score, and first only with a clear lead.
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
        index = next((i for i, name in enumerate(order) if by_name[name].score < row.score), len(order))
        leads = row.score - by_name[order[0]].score > margin
        order.insert(index if index or leads else 1, row.candidate)
    return replace(ranking, standings=tuple(by_name[name] for name in order))


def keep_order(shown: Sequence[str], ranking: Ranking, *, new_chars: int) -> tuple[str, ...]:
    """Return the shown order, or the new one after a clear lead and enough new text."""
    scores = {row.candidate: row.score for row in ranking.standings}
    if set(shown) != set(scores):
        return tuple(scores)
    deviation = float(np.std(list(scores.values())))
    lead = max(scores.values()) - scores[shown[0]] if shown else 0.0
    return tuple(scores) if lead > MIN_LEAD * deviation and new_chars >= MIN_NEW_CHARS else tuple(shown)
