"""The requests and responses of calls to providers."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.sampling import DEFAULT_SAMPLING, Sampling

Gate = Callable[[], Awaitable[None]]
Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of the conversation that a language model gets."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class CallSettings:
    """What a call asks of its model besides the messages; `sampling` holds what a program set itself."""

    max_tokens: int
    temperature: float
    sampling: Sampling = DEFAULT_SAMPLING


def sampling_arguments(sampling: Sampling) -> dict[str, Any]:
    """Return the parameters that are set by OpenAI's names, besides the two that every call has."""
    arguments = sampling.to_json()
    arguments.pop("max_tokens", None)
    arguments.pop("temperature", None)
    return arguments


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """One request to one language model; the model's own time limits apply within the deadline.

    `gate` is awaited before the request is sent; everything else is prepared before.
    """

    model: LanguageModel
    messages: tuple[ChatMessage, ...]
    max_tokens: int
    temperature: float
    deadline_ms: int
    gate: Gate | None = None
    sampling: Sampling = DEFAULT_SAMPLING

    @property
    def settings(self) -> CallSettings:
        """The part of the request that does not depend on the messages."""
        return CallSettings(self.max_tokens, self.temperature, self.sampling)


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Input and output tokens, reported by the provider or estimated here (source "counted")."""

    input_tokens: int
    output_tokens: int
    source: Literal["provider", "counted"]


@dataclass(frozen=True, slots=True)
class Delta:
    """More text of a completion, at least one character."""

    text: str


@dataclass(frozen=True, slots=True)
class Completion:
    """A finished completion: the whole text, its usage and its times."""

    text: str
    finish_reason: str
    usage: TokenUsage
    ttft_ms: int | None
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Piece:
    """One step of a provider's stream; any part may be empty.

    Of reasoning before the answer only the number of characters is kept.
    """

    text: str = ""
    finish_reason: str = ""
    usage: TokenUsage | None = None
    reasoning_chars: int = 0


def as_wire_messages(messages: Sequence[ChatMessage]) -> list[dict[str, str]]:
    """Return the messages in OpenAI's format, which litellm takes as well."""
    return [{"role": message.role, "content": message.text} for message in messages]
