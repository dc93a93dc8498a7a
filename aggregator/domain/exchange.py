"""An exchange: what a model is shown of the conversation so far."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exchange:
    """An earlier prompt of the conversation and the answer it got."""

    prompt: str
    answer: str
