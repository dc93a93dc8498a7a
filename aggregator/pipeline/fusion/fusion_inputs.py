"""Selects the candidates that judge and writer see, without model names and between secret markers."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.pipeline.panel.panel import Outcome
from aggregator.pipeline.types import Question, Ranking

MAX_CANDIDATES = 3
# Candidates that score less than this share of the best one make the fused answer worse.
QUALITY_FLOOR = 0.4
LETTERS = "ABC"
_FENCE = re.compile(r"<{3,}|>{3,}")
# What stands in place of a marker that a candidate wrote.
DEFUSED = frozenset("‹›")


@dataclass(frozen=True, slots=True)
class FusionInputs:
    """Candidate ids and texts by letter, and a random marker that no candidate can contain."""

    candidates: dict[str, str]
    texts: dict[str, str]
    marker: str
    agreement: str = ""

    def as_text(self, question: Question) -> str:
        """Return the request and the answers, each between markers."""
        blocks = [
            f"<<<ANSWER {self.marker} {letter}>>>\n{text}\n<<<END {self.marker} {letter}>>>"
            for letter, text in self.texts.items()
        ]
        return "\n\n".join([f"The request:\n\n{question.prompt}", *blocks, self.agreement]).strip()


def select_fusion_inputs(ranking: Ranking, outcomes: Sequence[Outcome]) -> FusionInputs:
    """Return up to three candidates that score near the best; a single one means that it dominates."""
    texts = {outcome.slot.candidate: outcome.text for outcome in outcomes}
    ranked = [row for row in ranking.standings if row.candidate in texts]
    floor = ranked[0].score * QUALITY_FLOOR if ranked else 0.0
    kept = [row.candidate for row in ranked if row.score >= floor][:MAX_CANDIDATES]
    candidates = dict(zip(LETTERS, kept, strict=False))
    marker = secrets.token_hex(4)
    return FusionInputs(
        candidates,
        {letter: neutralise_fences(texts[candidate], marker) for letter, candidate in candidates.items()},
        marker,
        _describe_agreement(ranking, candidates),
    )


def neutralise_fences(text: str, marker: str) -> str:
    """Return a text that can neither close its own block nor open another one."""
    return _FENCE.sub(lambda found: "‹" if found[0].startswith("<") else "›", text).replace(marker, "")


def _describe_agreement(ranking: Ranking, candidates: dict[str, str]) -> str:
    """Describe the vote's result for judge and writer: an answer that most give is right more often."""
    if ranking.compared < 2:
        return ""
    leading = {row.candidate for row in ranking.standings if row.group == ranking.standings[0].group}
    letters = ", ".join(letter for letter, candidate in candidates.items() if candidate in leading)
    counted = f"{ranking.agreeing} of {ranking.compared} answers end the same as {letters}"
    chance = ranking.shown_confidence
    if chance is None:
        return f"{counted}."
    return f"{counted}; their end is right with a chance of about {round(chance * 100)} in 100."
