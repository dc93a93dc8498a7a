"""A prompt and its answer, as later turns show them to a model."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exchange:
    """An earlier prompt of a conversation and its answer, empty if it was stopped before its first text."""

    prompt: str
    answer: str
