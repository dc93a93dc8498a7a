"""The sampling parameters that a program sets for its call."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Sampling:
    """The sampling parameters of a call; None and () leave the model's own setting."""

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    frequency_penalty: float | None = None
    presence_penalty: float | None = None

    def names(self) -> frozenset[str]:
        """Return the names of the parameters that are set."""
        return frozenset(self.to_json())

    def to_json(self) -> dict[str, Any]:
        """Return the parameters that are set as a JSON object."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        document = {name: value for name, value in values.items() if value not in (None, ())}
        return document | {"stop": list(self.stop)} if self.stop else document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Sampling":
        """Return the parameters of a JSON object; names that only a later release knows are ignored."""
        known = {field.name for field in fields(cls)} & document.keys()
        return cls(**{name: document[name] for name in known} | {"stop": tuple(document.get("stop", ()))})


DEFAULT_SAMPLING = Sampling()
