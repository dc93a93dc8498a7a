"""Finds the candidates that say the sentences of a fused answer."""

from collections.abc import Sequence

from aggregator.domain.events import Support
from aggregator.pipeline.statements.attribution import find_saying, list_statements
from aggregator.pipeline.types import Draft

MAX_SUPPORTS = 24


def find_supports(answer: str, drafts: Sequence[Draft]) -> tuple[Support, ...]:
    """Return the answer's sentences that candidates say, in order, with each candidate's own sentence."""
    stated = [row for draft in drafts for row in list_statements(draft.candidate, draft.text)]
    found = [
        Support(row.text, tuple(saying), tuple(saying.values()))
        for row in list_statements("", answer)
        if (saying := find_saying(row.statement, stated))
    ]
    return tuple(found[:MAX_SUPPORTS])
