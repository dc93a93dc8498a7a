"""What judge and writer see of the candidates: anonymous, fenced, the far worse ones left out."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.pipeline.panel.fan_out import Outcome
from aggregator.pipeline.types import Question, Ranking

MAX_CANDIDATES = 3
# What scores less than this share of the best would only pull the fused answer down.
QUALITY_FLOOR = 0.4
LETTERS = "ABC"
_FENCE = re.compile(r"<{3,}|>{3,}")


@dataclass(frozen=True, slots=True)
class FusionInputs:
    """The candidates by letter, and a marker that none of them can have guessed."""

    candidates: dict[str, str]
    texts: dict[str, str]
    marker: str
    agreement: str = ""

    def as_text(self, question: Question) -> str:
        """Return the request with the answers, each between its own markers."""
        blocks = [
            f"<<<ANSWER {self.marker} {letter}>>>\n{text}\n<<<END {self.marker} {letter}>>>"
            for letter, text in self.texts.items()
        ]
        return "\n\n".join([f"The request:\n\n{question.prompt}", *blocks, self.agreement]).strip()


def select_fusion_inputs(ranking: Ranking, outcomes: Sequence[Outcome]) -> FusionInputs:
    """Return the best candidates that are near enough to the best; one alone means that it dominates."""
    texts = {outcome.slot.candidate: outcome.text for outcome in outcomes}
    ranked = [row for row in ranking.standings if row.candidate in texts]
    floor = ranked[0].score * QUALITY_FLOOR if ranked else 0.0
    kept = [row.candidate for row in ranked if row.score >= floor][:MAX_CANDIDATES]
    candidates = dict(zip(LETTERS, kept, strict=False))
    marker = secrets.token_hex(4)
    return FusionInputs(
        candidates,
        {letter: _neutralise_fences(texts[candidate], marker) for letter, candidate in candidates.items()},
        marker,
        _describe_agreement(ranking, candidates),
    )


def _neutralise_fences(text: str, marker: str) -> str:
    # A text can neither close its own block nor open another one.
    return _FENCE.sub(lambda found: "‹" if found[0].startswith("<") else "›", text).replace(marker, "")


def _describe_agreement(ranking: Ranking, candidates: dict[str, str]) -> str:
    """Put a vote's result in words: what most say is right more often than what one says."""
    if ranking.confidence is None or ranking.compared < 2:
        return ""
    leading = {row.candidate for row in ranking.standings if row.group == ranking.standings[0].group}
    letters = ", ".join(letter for letter, candidate in candidates.items() if candidate in leading)
    return (
        f"{ranking.agreeing} of {ranking.compared} answers end the same as {letters}; "
        f"their end is right with a chance of about {round(ranking.confidence * 100)} in 100."
    )
