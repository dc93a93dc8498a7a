"""The fitted weights of voting, ranking and routing, and the version that is active in this process."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from aggregator.pipeline.ranking.calibration import CalibrationError
from aggregator.pipeline.ranking.measured_models import MeasuredModels, parse_measured_models
from aggregator.pipeline.ranking.style_weights import StyleWeights
from aggregator.pipeline.ranking.tally import VoteWeights
from aggregator.pipeline.routing_weights import (
    RoutingWeights,
    dump_routing_weights,
    parse_routing_weights,
)

DEFAULT_WEIGHTS = Path(__file__).with_name("default_weights.json")
MEASURED_MODELS = Path(__file__).with_name("measured_models.json")
FORMAT = 4


class WeightsError(ValueError):
    """Stored weights do not have the format that this version reads."""


@dataclass(frozen=True, slots=True)
class ModelWeights:
    """The weights of one fit; votes on options and on open short answers have their own."""

    version: str
    option_vote: VoteWeights
    open_vote: VoteWeights
    routing: RoutingWeights = field(default_factory=RoutingWeights)
    styles: Mapping[str, StyleWeights] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    # By kind of question, how true the probabilities of votes were on questions outside the fit.
    calibration: Mapping[str, CalibrationError] = field(default_factory=dict)


def dump_weights(weights: ModelWeights) -> dict[str, Any]:
    """Return weights as JSON values."""
    return {
        "format": FORMAT,
        "version": weights.version,
        "option_vote": asdict(weights.option_vote),
        "open_vote": asdict(weights.open_vote),
        "routing": dump_routing_weights(weights.routing),
        "styles": {language: asdict(style) for language, style in weights.styles.items()},
        "provenance": dict(weights.provenance),
        "calibration": {kind: asdict(error) for kind, error in weights.calibration.items()},
    }


def _parse_vote(row: Mapping[str, Any]) -> VoteWeights:
    lists = {name: tuple(row[name]) for name in ("support", "none_scores")}
    return VoteWeights(**{**row, **lists})


def _parse_style(row: Mapping[str, Any]) -> StyleWeights:
    lists = {name: tuple(row[name]) for name in ("means", "deviations", "weights")}
    return StyleWeights(**{**row, **lists})


def parse_weights(document: Mapping[str, Any]) -> ModelWeights:
    """Parse weights from JSON values; raises WeightsError for another format."""
    if document.get("format") != FORMAT:
        raise WeightsError(f"format {document.get('format')} is not {FORMAT}")
    try:
        return ModelWeights(
            version=str(document["version"]),
            option_vote=_parse_vote(document["option_vote"]),
            open_vote=_parse_vote(document["open_vote"]),
            routing=parse_routing_weights(document["routing"]),
            styles={language: _parse_style(row) for language, row in document["styles"].items()},
            provenance=document["provenance"],
            # Weights of an earlier release say nothing about it.
            calibration={
                kind: CalibrationError(**row) for kind, row in document.get("calibration", {}).items()
            },
        )
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"not model weights: {error}") from error


def add_measured_models(weights: ModelWeights, measured: MeasuredModels) -> ModelWeights:
    """Return weights with what was measured of single models; those of all other models stay."""
    return replace(
        weights,
        option_vote=measured.option_vote.add_to(weights.option_vote),
        open_vote=measured.open_vote.add_to(weights.open_vote),
        routing=measured.add_to_routing(weights.routing),
    )


@cache
def load_cold_weights() -> ModelWeights:
    """Return the weights that ship for models of which nothing was measured here."""
    return parse_weights(json.loads(DEFAULT_WEIGHTS.read_text(encoding="utf-8")))


@cache
def load_default_weights() -> ModelWeights:
    """Return the weights that ship with the code, with what was measured of single models."""
    document = json.loads(MEASURED_MODELS.read_text(encoding="utf-8"))
    return add_measured_models(load_cold_weights(), parse_measured_models(document))


_active: list[ModelWeights] = []


def activate_weights(weights: ModelWeights | None) -> None:
    """Use these weights in this process from now on; None returns to those that ship."""
    _active[:] = [weights] if weights else []


def get_active_weights() -> ModelWeights:
    """Return the weights active in this process."""
    return _active[0] if _active else load_default_weights()
