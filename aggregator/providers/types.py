"""What goes into a provider and what comes out of one."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from aggregator.catalog.catalog import LanguageModel

Gate = Callable[[], Awaitable[None]]
Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One entry of the transcript that a language model is given."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """One question to one language model, with the patience we have for its answer."""

    model: LanguageModel
    messages: tuple[ChatMessage, ...]
    max_tokens: int
    temperature: float
    first_token_ms: int
    stall_ms: int
    deadline_ms: int
    # Awaited before the provider hears of it, so that all else can be made ready earlier.
    gate: Gate | None = None


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Tokens read and written, as the provider reports them or as we count them."""

    input_tokens: int
    output_tokens: int
    source: Literal["provider", "counted"]


@dataclass(frozen=True, slots=True)
class Delta:
    """More text of a completion; never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Completion:
    """A completion that ran to its end: the whole text, and what it took."""

    text: str
    finish_reason: str
    usage: TokenUsage
    ttft_ms: int | None
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Piece:
    """One step of a provider's stream, whichever path it came by; all parts may be absent.

    Of what a model thinks before it speaks only the length is told.
    """

    text: str = ""
    finish_reason: str = ""
    usage: TokenUsage | None = None
    reasoning_chars: int = 0


def as_wire_messages(messages: Sequence[ChatMessage]) -> list[dict[str, str]]:
    """Return the transcript in the form that litellm and every OpenAI-like API take."""
    return [{"role": message.role, "content": message.text} for message in messages]
