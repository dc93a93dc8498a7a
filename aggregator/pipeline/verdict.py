"""What a judge says about the candidates, read from its JSON: anything that is not of the form is refused."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aggregator.events import Claim
from aggregator.scrub import scrub

LISTS = ("consensus", "contradictions", "partial_coverage", "unique_insights", "blind_spots")
ENTRIES = 5
ENTRY_CHARS = 300


class VerdictError(ValueError):
    """A judge's reply is not the JSON that was asked for."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judge's report: the answers' letters best first, and lists of findings as plain JSON values."""

    order: tuple[str, ...]
    findings: Mapping[str, Any] = field(default_factory=dict)

    def as_text(self) -> str:
        """Return the report for the writer, who sees the same letters."""
        return json.dumps({"order": list(self.order), **self.findings}, ensure_ascii=False)

    def as_claims(self, candidates: Mapping[str, str]) -> tuple[Claim, ...]:
        """Return what pages show of it; `candidates` are the letters' candidates."""
        contested = [
            Claim("contested", row["says"], _name(row["by"]), _name(row["of"]), row["instead"])
            for row in self.findings["contradictions"]
        ]
        shared = [Claim("shared", text, self.order) for text in self.findings["consensus"]]
        return tuple(
            Claim(
                claim.kind,
                claim.text,
                tuple(candidates[letter] for letter in claim.candidates),
                tuple(candidates[letter] for letter in claim.against),
                claim.other_text,
            )
            for claim in (*contested, *shared)
        )


def read_verdict(reply: str, letters: Sequence[str], *, case: str) -> Verdict:
    """Read a judge's reply about answers of these letters; raises VerdictError.

    `case` is a word that no candidate can know, so a verdict that one of them brought along is not taken.
    """
    start, end = reply.find("{"), reply.rfind("}")
    try:
        document = json.loads(reply[start : end + 1]) if start >= 0 else None
    except ValueError as error:
        raise VerdictError("not JSON") from error
    if not isinstance(document, dict):
        raise VerdictError("not an object")
    if document.get("case") != case:
        raise VerdictError("a verdict of another case")
    order = document.get("order")
    if not isinstance(order, list) or sorted(map(str, order)) != sorted(letters):
        raise VerdictError("the order does not name every answer once")
    findings = {name: _read_list(document, name, letters) for name in LISTS}
    errors = document.get("per_candidate_errors")
    if not isinstance(errors, dict) or not set(errors) <= set(letters):
        raise VerdictError("per_candidate_errors names answers that are not there")
    told = {letter: _read_list(errors, letter, letters) for letter in sorted(errors)}
    return Verdict(tuple(map(str, order)), {**findings, "per_candidate_errors": told})


def _name(letters: Any) -> tuple[str, ...]:
    return tuple(letters)


def _read_list(document: Mapping[str, Any], name: str, letters: Sequence[str]) -> list[Any]:
    entries = document.get(name, [])
    if not isinstance(entries, list):
        raise VerdictError(f"{name} is not a list")
    if name == "contradictions":
        return [_read_row(row, ("says", "instead"), ("by", "of"), letters) for row in entries[:ENTRIES]]
    if name == "unique_insights":
        return [_read_row(row, ("says",), ("by",), letters) for row in entries[:ENTRIES]]
    if not all(isinstance(entry, str) for entry in entries):
        raise VerdictError(f"{name} holds more than sentences")
    return [_read_text(entry) for entry in entries[:ENTRIES]]


def _read_text(text: str) -> str:
    # What was clean when it came may spell out, in JSON, what cannot be kept.
    return scrub(text[:ENTRY_CHARS])


def _read_row(
    row: Any, texts: Sequence[str], holders: Sequence[str], letters: Sequence[str]
) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise VerdictError("a finding is not an object")
    read: dict[str, Any] = {}
    for name in texts:
        if not isinstance(row.get(name), str):
            raise VerdictError(f"a finding has no {name}")
        read[name] = _read_text(row[name])
    for name in holders:
        held = row.get(name)
        if not isinstance(held, list) or not held or not set(map(str, held)) <= set(letters):
            raise VerdictError(f"{name} names answers that are not there")
        read[name] = list(dict.fromkeys(map(str, held)))
    if row.get("right") in letters:
        read["right"] = row["right"]
    return read
