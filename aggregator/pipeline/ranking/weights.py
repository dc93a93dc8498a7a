"""The small numbers that the kitchen has learned, with where they come from; swapped whole, never half."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from aggregator.pipeline.ranking.style_weights import StyleWeights
from aggregator.pipeline.ranking.tally import VoteWeights

DEFAULT_FIT = Path(__file__).with_name("default_fit.json")
FORMAT = 2


class WeightsError(ValueError):
    """A stored fit is not of the form that this version reads."""


@dataclass(frozen=True, slots=True)
class ModelWeights:
    """All that one fit has learned; `learned_vote` knows models whose own answers were labelled, if any."""

    version: str
    option_vote: VoteWeights
    open_vote: VoteWeights
    learned_vote: VoteWeights | None = None
    styles: Mapping[str, StyleWeights] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)


def dump_weights(heads: ModelWeights) -> dict[str, Any]:
    """Return heads as plain JSON values."""
    return {"format": FORMAT, **asdict(heads)}


def _parse_vote(row: Mapping[str, Any]) -> VoteWeights:
    return VoteWeights(**{**row, "none_scores": tuple(row["none_scores"])})


def _parse_style(row: Mapping[str, Any]) -> StyleWeights:
    lists = {name: tuple(row[name]) for name in ("means", "deviations", "weights")}
    return StyleWeights(**{**row, **lists})


def parse_weights(document: Mapping[str, Any]) -> ModelWeights:
    """Read heads back; raises HeadsError when they are of another form."""
    try:
        if document["format"] != FORMAT:
            raise WeightsError(f"format {document['format']} is not {FORMAT}")
        learned = document["learned_vote"]
        return ModelWeights(
            version=str(document["version"]),
            option_vote=_parse_vote(document["option_vote"]),
            open_vote=_parse_vote(document["open_vote"]),
            learned_vote=_parse_vote(learned) if learned else None,
            styles={language: _parse_style(row) for language, row in document["styles"].items()},
            provenance=document["provenance"],
        )
    except (KeyError, TypeError) as error:
        raise WeightsError(f"not a fit: {error}") from error


@cache
def load_default_weights() -> ModelWeights:
    """Return the heads that ship with the code."""
    return parse_weights(json.loads(DEFAULT_FIT.read_text(encoding="utf-8")))


_active: list[ModelWeights] = []


def activate_weights(heads: ModelWeights | None) -> None:
    """Count and rank with these heads from now on; None goes back to those that ship."""
    _active[:] = [heads] if heads else []


def get_active_weights() -> ModelWeights:
    """Return the heads in use in this process."""
    return _active[0] if _active else load_default_weights()
