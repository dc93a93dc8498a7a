"""Calls to language model providers; importing this package does not import litellm."""

from aggregator.providers.completions import close_providers, stream_completion, warm_providers
from aggregator.providers.errors import (
    AuthFailed,
    BadRequest,
    ContextTooLong,
    CutOff,
    EmptyCompletion,
    Malformed,
    ProviderError,
    RateLimited,
    Refused,
    ServerFailed,
    Stalled,
    TimedOut,
    UnknownModel,
    Unreachable,
)
from aggregator.providers.token_usage import cost_micros, overestimate_tokens
from aggregator.providers.types import (
    CallSettings,
    ChatMessage,
    Completion,
    CompletionRequest,
    Delta,
    Gate,
    TokenUsage,
)

__all__ = [
    "AuthFailed",
    "BadRequest",
    "CallSettings",
    "ChatMessage",
    "Completion",
    "CompletionRequest",
    "ContextTooLong",
    "CutOff",
    "Delta",
    "EmptyCompletion",
    "Gate",
    "Malformed",
    "ProviderError",
    "RateLimited",
    "Refused",
    "ServerFailed",
    "Stalled",
    "TimedOut",
    "TokenUsage",
    "UnknownModel",
    "Unreachable",
    "close_providers",
    "cost_micros",
    "overestimate_tokens",
    "stream_completion",
    "warm_providers",
]
