"""Finds the sentences that all candidates say, and those in which they contradict each other.

What is shown are whole sentences of candidates. It finds what differs in a number, a date or a negation; a
judge's report finds more.
"""

from collections.abc import Sequence

from aggregator.domain.events import Claim
from aggregator.pipeline.statements.attribution import (
    StatedSentence,
    find_saying,
    is_contradicted_by,
    list_statements,
)
from aggregator.pipeline.types import Draft

MAX_CLAIMS = 6
MAX_SENTENCES = 14


def find_claims(drafts: Sequence[Draft]) -> tuple[Claim, ...]:
    """Return the claims that drafts contradict each other in, then those that all share."""
    stated = [row for draft in drafts for row in list_statements(draft.candidate, draft.text, MAX_SENTENCES)]
    if len({row.candidate for row in stated}) < 2:
        return ()
    contested: list[Claim] = []
    shared: list[Claim] = []
    used: set[str] = set()
    for row in stated:
        if row.text in used:
            continue
        saying = find_saying(row.statement, [row, *stated])
        opposed = _find_contradictions(row, saying, stated)
        used.update(saying.values() if opposed or len(saying) > 1 else ())
        for other in opposed:
            against = {
                name: text
                for name, text in find_saying(other.statement, [other, *stated]).items()
                if name not in saying
            }
            used.update(against.values())
            contested.append(Claim("contested", row.text, tuple(saying), tuple(against), other.text))
        if not opposed and len(saying) == len(drafts):
            shared.append(Claim("shared", row.text, tuple(saying)))
    return tuple([*contested, *shared][:MAX_CLAIMS])


def _find_contradictions(
    row: StatedSentence, saying: dict[str, str], stated: Sequence[StatedSentence]
) -> list[StatedSentence]:
    """Return a sentence for each different statement that contradicts this one."""
    found: list[StatedSentence] = []
    opponents: set[str] = set()
    for other in stated:
        if other.candidate in saying or other.candidate in opponents:
            continue
        if is_contradicted_by(row.statement, other.statement):
            found.append(other)
            opponents.update(find_saying(other.statement, [other, *stated]))
    return found
