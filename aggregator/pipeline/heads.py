"""The small numbers that the kitchen has learned, with where they come from; swapped whole, never half."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from aggregator.pipeline.style_head import StyleHead
from aggregator.pipeline.tally import VoteHead

DEFAULT_FIT = Path(__file__).with_name("default_fit.json")
FORMAT = 2


class HeadsError(ValueError):
    """A stored fit is not of the form that this version reads."""


@dataclass(frozen=True, slots=True)
class Heads:
    """All that one fit has learned; `learned_vote` knows models whose own answers were labelled, if any."""

    version: str
    option_vote: VoteHead
    open_vote: VoteHead
    learned_vote: VoteHead | None = None
    styles: Mapping[str, StyleHead] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)


def write_heads(heads: Heads) -> dict[str, Any]:
    """Return heads as plain JSON values."""
    return {"format": FORMAT, **asdict(heads)}


def _read_vote(row: Mapping[str, Any]) -> VoteHead:
    return VoteHead(**{**row, "none_scores": tuple(row["none_scores"])})


def _read_style(row: Mapping[str, Any]) -> StyleHead:
    lists = {name: tuple(row[name]) for name in ("means", "deviations", "weights")}
    return StyleHead(**{**row, **lists})


def read_heads(document: Mapping[str, Any]) -> Heads:
    """Read heads back; raises HeadsError when they are of another form."""
    try:
        if document["format"] != FORMAT:
            raise HeadsError(f"format {document['format']} is not {FORMAT}")
        learned = document["learned_vote"]
        return Heads(
            version=str(document["version"]),
            option_vote=_read_vote(document["option_vote"]),
            open_vote=_read_vote(document["open_vote"]),
            learned_vote=_read_vote(learned) if learned else None,
            styles={language: _read_style(row) for language, row in document["styles"].items()},
            provenance=document["provenance"],
        )
    except (KeyError, TypeError) as error:
        raise HeadsError(f"not a fit: {error}") from error


@cache
def read_default_heads() -> Heads:
    """Return the heads that ship with the code."""
    return read_heads(json.loads(DEFAULT_FIT.read_text(encoding="utf-8")))


_active: list[Heads] = []


def use_heads(heads: Heads | None) -> None:
    """Count and rank with these heads from now on; None goes back to those that ship."""
    _active[:] = [heads] if heads else []


def current_heads() -> Heads:
    """Return the heads in use in this process."""
    return _active[0] if _active else read_default_heads()
