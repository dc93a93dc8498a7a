"""Are sentences credited to the models that say them? By the functions whose results the page shows."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from aggregator.pipeline.fusion.support import find_supports
from aggregator.pipeline.ranking.disagreements import find_claims
from aggregator.pipeline.types import Draft
from bench.agreement.planted import STATED, Planted, plant_sentences
from bench.report import Report

MIN_PRECISION = 0.98
OTHER = "other"


def _draft(name: str, text: str) -> Draft:
    return Draft(name, name, name, 0.5, text)


def is_credited(planted: Planted) -> bool:
    """Return whether a mark in a fused answer, or a claim, credits the answer with the sentence."""
    other = _draft(OTHER, planted.answer)
    if any(OTHER in support.candidates for support in find_supports(planted.sentence, [other])):
        return True
    claims = find_claims([_draft("writer", planted.sentence), other])
    return any(OTHER in claim.candidates for claim in claims if claim.text == planted.sentence)


def add_attribution(report: Report, rows: Sequence[dict[str, Any]]) -> None:
    """Record how many credits are right, and how many of the sentences that answers say are found."""
    totals: Counter[str] = Counter()
    credited: Counter[str] = Counter()
    for planted in plant_sentences(rows):
        totals[planted.kind] += 1
        credited[planted.kind] += is_credited(planted)
    print(f"\n{'planted sentences':<24}{'answers':>12}{'credited':>12}")
    for kind, total in totals.items():
        print(f"{kind:<24}{total:>12}{credited[kind] / total:>12.3f}")
        report.note(f"attribution.{kind}.credited", credited[kind] / total)
    hits = sum(credited[kind] for kind in STATED)
    report.note("attribution.planted", totals.total())
    report.at_least("attribution.precision", hits / max(1, credited.total()), MIN_PRECISION)
