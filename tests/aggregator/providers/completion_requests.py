"""Calls the test provider server through `stream_completion`."""

from contextlib import aclosing
from dataclasses import dataclass, field, replace

from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.sampling import DEFAULT_SAMPLING, Sampling
from aggregator.providers import (
    ChatMessage,
    Completion,
    CompletionRequest,
    Delta,
    ProviderError,
    stream_completion,
)
from testing.provider.server import ProviderServer

BASES = {"openai": "/v1", "openrouter": "/v1", "anthropic": "", "gemini": "/v1beta", "deepseek": "/v1"}
MESSAGES = (ChatMessage("system", "짧게 답해요."), ChatMessage("user", "에이다가 물어요: 한국의 수도는?"))


def make_model(server: ProviderServer, name: str, wire: str = "openai") -> LanguageModel:
    """Return a model that the provider server serves in one wire format."""
    return make_named_model(f"{wire}/{name}", api_base=f"{server.url}{BASES[wire]}")


def make_named_model(litellm_model: str, api_base: str = "") -> LanguageModel:
    """Return a model that litellm knows by this name."""
    wire, _, name = litellm_model.partition("/")
    return LanguageModel(
        slug=name,
        name=name,
        vendor="Test",
        provider=wire,
        litellm_model=litellm_model,
        context_window=8_000,
        output_limit=500,
        input_price_micros=3,
        output_price_micros=7,
        languages=("ko", "en"),
        standing=0.5,
        api_base=api_base,
        api_key_name="TEST_PROVIDER_KEY",
    )


def make_request(
    model: LanguageModel,
    *,
    first_token_ms: int = 5_000,
    stall_ms: int = 5_000,
    deadline_ms: int = 20_000,
    max_tokens: int = 200,
    sampling: Sampling = DEFAULT_SAMPLING,
) -> CompletionRequest:
    """Return a request with MESSAGES."""
    model = replace(model, first_token_ms=first_token_ms, stall_ms=stall_ms)
    return CompletionRequest(model, MESSAGES, max_tokens, 0.5, deadline_ms, sampling=sampling)


@dataclass(slots=True)
class StreamedReply:
    """The deltas of a call, and its completion or error."""

    deltas: list[str] = field(default_factory=list)
    completion: Completion | None = None
    error: ProviderError | None = None

    @property
    def text(self) -> str:
        """All text that was streamed."""
        return "".join(self.deltas)


async def ask(request: CompletionRequest) -> StreamedReply:
    """Call a model and collect its reply."""
    reply = StreamedReply()
    try:
        async with aclosing(stream_completion(request)) as pieces:
            async for piece in pieces:
                assert reply.completion is None, "the completion comes last"
                if isinstance(piece, Delta):
                    reply.deltas.append(piece.text)
                else:
                    reply.completion = piece
    except ProviderError as error:
        reply.error = error
    return reply
