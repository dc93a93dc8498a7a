"""Parses a judge's JSON report on the candidates; a reply in any other form is rejected."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aggregator.domain.sanitize import sanitize_text

FINDING_LISTS = ("consensus", "contradictions", "partial_coverage", "unique_insights", "blind_spots")
MAX_ENTRIES = 5
MAX_ENTRY_CHARS = 300


class JudgeReportError(ValueError):
    """A judge's reply is not the requested JSON."""


@dataclass(frozen=True, slots=True)
class JudgeReport:
    """The candidates' letters best first, and lists of findings as JSON values."""

    order: tuple[str, ...]
    findings: Mapping[str, Any] = field(default_factory=dict)

    def as_text(self) -> str:
        """Return the report as JSON for the writer, which sees the same letters."""
        return json.dumps({"order": list(self.order), **self.findings}, ensure_ascii=False)


def parse_judge_report(reply: str, letters: Sequence[str], *, case: str) -> JudgeReport:
    """Parse a judge's reply about answers of these letters; raises JudgeReportError.

    `case` is the secret marker, so that a report injected by a candidate's text is rejected.
    """
    start, end = reply.find("{"), reply.rfind("}")
    try:
        document = json.loads(reply[start : end + 1]) if start >= 0 else None
    except ValueError as error:
        raise JudgeReportError("not JSON") from error
    if not isinstance(document, dict):
        raise JudgeReportError("not an object")
    if document.get("case") != case:
        raise JudgeReportError("a report of another case")
    order = document.get("order")
    if not isinstance(order, list) or sorted(map(str, order)) != sorted(letters):
        raise JudgeReportError("the order does not name every answer once")
    findings = {name: _read_list(document, name, letters) for name in FINDING_LISTS}
    errors = document.get("per_candidate_errors")
    if not isinstance(errors, dict) or not set(errors) <= set(letters):
        raise JudgeReportError("per_candidate_errors names unknown answers")
    by_letter = {letter: _read_list(errors, letter, letters) for letter in sorted(errors)}
    return JudgeReport(tuple(map(str, order)), {**findings, "per_candidate_errors": by_letter})


def _read_list(document: Mapping[str, Any], name: str, letters: Sequence[str]) -> list[Any]:
    entries = document.get(name, [])
    if not isinstance(entries, list):
        raise JudgeReportError(f"{name} is not a list")
    if name == "contradictions":
        return [_read_row(row, ("says", "instead"), ("by", "of"), letters) for row in entries[:MAX_ENTRIES]]
    if name == "unique_insights":
        return [_read_row(row, ("says",), ("by",), letters) for row in entries[:MAX_ENTRIES]]
    if not all(isinstance(entry, str) for entry in entries):
        raise JudgeReportError(f"{name} holds more than sentences")
    return [_read_text(entry) for entry in entries[:MAX_ENTRIES]]


def _read_text(text: str) -> str:
    # JSON escapes can hide characters that cannot be stored.
    return sanitize_text(text[:MAX_ENTRY_CHARS])


def _read_row(
    row: Any, texts: Sequence[str], letter_lists: Sequence[str], letters: Sequence[str]
) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise JudgeReportError("a finding is not an object")
    read: dict[str, Any] = {}
    for name in texts:
        if not isinstance(row.get(name), str):
            raise JudgeReportError(f"a finding has no {name}")
        read[name] = _read_text(row[name])
    for name in letter_lists:
        named = row.get(name)
        if not isinstance(named, list) or not named or not set(map(str, named)) <= set(letters):
            raise JudgeReportError(f"{name} names unknown answers")
        read[name] = list(dict.fromkeys(map(str, named)))
    if row.get("right") in letters:
        read["right"] = row["right"]
    return read
