"""What was measured of single models with labelled questions and ships with the code.

It is added to the weights that ship by model, so that it changes nothing about any other model.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from aggregator.pipeline.ranking.tally import VoteWeights
from aggregator.pipeline.routing_weights import RoutingWeights

FORMAT = 1


@dataclass(frozen=True, slots=True)
class ModelOffsets:
    """What is particular to single models in one kind of vote, as in VoteWeights."""

    skills: Mapping[str, float] = field(default_factory=dict)
    models: Mapping[str, float] = field(default_factory=dict)
    topics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def add_to(self, vote: VoteWeights) -> VoteWeights:
        """Return a vote's weights with those of the measured models in the place of their own."""
        topics = {
            topic: {**vote.topics.get(topic, {}), **self.topics.get(topic, {})}
            for topic in sorted({*vote.topics, *self.topics})
        }
        return replace(
            vote,
            skills={**vote.skills, **self.skills},
            models={**vote.models, **self.models},
            topics=topics,
        )


@dataclass(frozen=True, slots=True)
class MeasuredModels:
    """The measured weights of single models; `skills` are by model and topic, as in RoutingWeights."""

    option_vote: ModelOffsets = field(default_factory=ModelOffsets)
    open_vote: ModelOffsets = field(default_factory=ModelOffsets)
    skills: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def models(self) -> frozenset[str]:
        """The slugs of the models that were measured."""
        votes = (self.option_vote, self.open_vote)
        return frozenset(self.skills).union(*(vote.skills for vote in votes))

    def add_to_routing(self, routing: RoutingWeights) -> RoutingWeights:
        """Return routing weights with the measured skills of these models."""
        return replace(routing, skills={**routing.skills, **self.skills})

    def to_json(self) -> dict[str, Any]:
        """Return the measured weights as JSON values."""
        return {"format": FORMAT, **asdict(self)}


def parse_measured_models(document: Mapping[str, Any]) -> MeasuredModels:
    """Return measured weights of JSON values; raises ValueError or KeyError for others."""
    if document["format"] != FORMAT:
        raise ValueError(f"format {document['format']} is not {FORMAT}")
    values = {each.name: document[each.name] for each in fields(MeasuredModels)}
    votes = {name: ModelOffsets(**values[name]) for name in ("option_vote", "open_vote")}
    return MeasuredModels(**{**values, **votes})
