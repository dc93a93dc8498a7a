"""Turns a judge's findings into claims: whole sentences of candidates, credited to those who say them."""

from collections.abc import Sequence

from aggregator.domain.events import Claim
from aggregator.pipeline.fusion.fusion_inputs import DEFUSED, FusionInputs
from aggregator.pipeline.fusion.judge_report import JudgeReport
from aggregator.pipeline.statements.attribution import (
    StatedSentence,
    find_saying,
    is_stated_by,
    list_statements,
)
from aggregator.pipeline.statements.statement import read_statement

MIN_LETTERS = 6


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _find_quoted(quote: str, stated: Sequence[StatedSentence]) -> StatedSentence | None:
    """Return the shortest sentence that holds a quote, else the first that says it."""
    wanted = _letters(quote)
    if len(wanted) < MIN_LETTERS:
        return None
    quoted = [row for row in stated if wanted in _letters(row.text)]
    if quoted:
        return min(quoted, key=lambda row: len(row.text))
    statement = read_statement(quote)
    return next((row for row in stated if is_stated_by(statement, row.statement)), None)


def _list_quotable(fusion_inputs: FusionInputs) -> list[StatedSentence]:
    """Return the candidates' sentences, without those in which a false marker was defused."""
    rows = [
        row
        for letter, text in fusion_inputs.texts.items()
        for row in list_statements(fusion_inputs.candidates[letter], text)
    ]
    return [row for row in rows if not DEFUSED & set(row.text)]


def quote_claims(report: JudgeReport, fusion_inputs: FusionInputs) -> tuple[Claim, ...]:
    """Return the contested claims of a report, then the shared ones.

    A quote that no candidate's sentence says is left out, and so is a candidate that does not say it.
    """
    stated = _list_quotable(fusion_inputs)
    contested, shared = [], []
    for row in report.findings["contradictions"]:
        one, other = (
            _find_quoted(
                row[quote],
                [
                    each
                    for each in stated
                    if each.candidate in {fusion_inputs.candidates[n] for n in row[names]}
                ],
            )
            for quote, names in (("says", "by"), ("instead", "of"))
        )
        if one is None or other is None:
            continue
        holders = tuple(find_saying(one.statement, [one, *stated]))
        against = tuple(find_saying(other.statement, [other, *stated]))
        if set(holders).isdisjoint(against):
            contested.append(Claim("contested", one.text, holders, against, other.text))
    for quote in report.findings["consensus"]:
        quoted = _find_quoted(quote, stated)
        holders = tuple(find_saying(quoted.statement, [quoted, *stated])) if quoted else ()
        if quoted and len(holders) == len(fusion_inputs.texts):
            shared.append(Claim("shared", quoted.text, holders))
    return (*contested, *shared)
