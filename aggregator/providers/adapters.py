"""Adapters of provider APIs: litellm's request building and chunk parsing, without its HTTP layer.

They use internals of litellm, whose version is pinned exactly. The contract tests compare every adapter with
what `litellm.acompletion` sends and yields; run them before raising the pin.
"""

from abc import ABC, abstractmethod
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, ClassVar

from aggregator.providers.api_key import read_api_key
from aggregator.providers.gateway import load_litellm, read_usage
from aggregator.providers.token_usage import parse_usage
from aggregator.providers.types import (
    CallSettings,
    CompletionRequest,
    Piece,
    as_wire_messages,
    sampling_arguments,
)

Chunk = dict[str, Any]
# A model's options do not depend on the messages, and mapping them takes half a millisecond.
CACHE_SIZE = 256


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """The URL, headers and JSON body of an HTTP request."""

    url: str
    headers: dict[str, str]
    body: Chunk


@lru_cache(CACHE_SIZE)
def _load_provider_config(provider: str, model: str) -> Any:
    litellm = load_litellm()
    return litellm.utils.ProviderConfigManager.get_provider_chat_config(
        model=model, provider=litellm.LlmProviders(provider)
    )


@lru_cache(CACHE_SIZE)
def _map_options(provider: str, model: str, settings: CallSettings) -> dict[str, Any]:
    options: dict[str, Any] = load_litellm().utils.get_optional_params(
        model=model,
        custom_llm_provider=provider,
        temperature=settings.temperature,
        max_tokens=settings.max_tokens,
        stream=True,
        stream_options={"include_usage": True},
        drop_params=True,
        **sampling_arguments(settings.sampling),
    )
    return options


class ProviderAdapter(ABC):
    """One completion in one provider's API; `read` keeps state, so each call needs a new adapter."""

    default_base: ClassVar[str] = ""

    def __init__(self, request: CompletionRequest) -> None:
        self.request = request
        self.provider, _, self.model = request.model.litellm_model.partition("/")
        self.key = read_api_key(request.model)
        self.api_base = request.model.api_base or self.default_base
        self.config = _load_provider_config(self.provider, self.model)
        self._map_finish_reason = load_litellm().litellm_core_utils.core_helpers.map_finish_reason
        self.parser = self.make_parser()

    def make_parser(self) -> Any:
        """Return litellm's chunk parser for one stream."""
        return self.config.get_model_response_iterator(
            streaming_response=(), sync_stream=True, json_mode=False
        )

    def build_request(self) -> HttpRequest:
        """Return the HTTP request that litellm would make."""
        messages = as_wire_messages(self.request.messages)
        options = self._map_options()
        extra_body = {**options.pop("extra_body", {}), **self.request.model.extra}
        headers = self.make_headers(messages, options)
        url = self.make_url(options)
        body = self.make_body(messages, options, headers)
        return HttpRequest(url, {**headers, "Content-Type": "application/json"}, {**body, **extra_body})

    def _map_options(self) -> dict[str, Any]:
        return deepcopy(_map_options(self.provider, self.model, self.request.settings))

    def make_headers(self, messages: list[dict[str, str]], options: dict[str, Any]) -> dict[str, str]:
        """Return the headers, including the API key."""
        headers: dict[str, str] = self.config.validate_environment(
            headers={},
            model=self.model,
            messages=messages,
            optional_params=options,
            litellm_params={},
            api_key=self.key,
            api_base=self.api_base,
        )
        return headers

    def make_url(self, options: dict[str, Any]) -> str:
        """Return the URL to post to."""
        return str(
            self.config.get_complete_url(
                api_base=self.api_base,
                api_key=self.key,
                model=self.model,
                optional_params=options,
                litellm_params={},
                stream=True,
            )
        )

    def make_body(
        self, messages: list[dict[str, str]], options: dict[str, Any], headers: dict[str, str]
    ) -> Chunk:
        """Return the body to post."""
        body: Chunk = self.config.transform_request(
            model=self.model, messages=messages, optional_params=options, litellm_params={}, headers=headers
        )
        return {**body, "stream": True}

    @abstractmethod
    def read_plain_text(self, chunk: Chunk) -> str | None:
        """Return the text of a chunk that contains only text, as most do; None leaves it to `read`."""

    def read(self, chunk: Chunk) -> Piece:
        """Parse any chunk with litellm's parser; raises litellm's error for a chunk that reports one."""
        parsed = self.parser.chunk_parser(chunk)
        text, finish_reason, reasoning = "", "", ""
        if parsed.choices:
            choice = parsed.choices[0]
            text = choice.delta.content or ""
            finish_reason = self._map_finish_reason(choice.finish_reason) if choice.finish_reason else ""
            reasoning = getattr(choice.delta, "reasoning_content", None) or ""
        return Piece(text, finish_reason, read_usage(parsed), len(reasoning))

    def is_end(self, chunk: Chunk) -> bool:
        """Return whether a chunk is marked as the stream's last, where the protocol has a mark."""
        return False


class OpenAIAdapter(ProviderAdapter):
    """OpenAI and OpenAI-compatible servers."""

    default_base = "https://api.openai.com/v1"

    def read_plain_text(self, chunk: Chunk) -> str | None:
        choices = chunk.get("choices")
        if not choices or len(choices) != 1 or chunk.get("usage") or "error" in chunk:
            return None
        choice = choices[0]
        delta = choice.get("delta")
        if not delta or choice.get("finish_reason") or delta.keys() - {"content", "role"}:
            return None
        content = delta.get("content")
        return content if isinstance(content, str) else None

    def read(self, chunk: Chunk) -> Piece:
        """Parse the usual last chunks, with finish reason and usage, without litellm's models."""
        choices, usage = chunk.get("choices"), chunk.get("usage")
        if "error" in chunk or not isinstance(choices, list):
            return super().read(chunk)
        if not choices and isinstance(usage, dict):
            return Piece(usage=parse_usage(usage.get("prompt_tokens"), usage.get("completion_tokens")))
        if len(choices) == 1 and not usage and choices[0].get("delta") in ({}, {"content": ""}):
            reason = choices[0].get("finish_reason")
            if isinstance(reason, str):
                return Piece(finish_reason=self._map_finish_reason(reason))
        return super().read(chunk)


class OpenRouterAdapter(OpenAIAdapter):
    """OpenRouter, an extension of OpenAI's API."""

    default_base = "https://openrouter.ai/api/v1"


class AnthropicAdapter(ProviderAdapter):
    """Anthropic's Messages API."""

    default_base = "https://api.anthropic.com"

    def make_parser(self) -> Any:
        from litellm.llms.anthropic.chat.handler import ModelResponseIterator

        return ModelResponseIterator(streaming_response=(), sync_stream=True)

    def make_url(self, options: dict[str, Any]) -> str:
        base = self.api_base.rstrip("/")
        return base if base.endswith("/v1/messages") else f"{base}/v1/messages"

    def read_plain_text(self, chunk: Chunk) -> str | None:
        if chunk.get("type") != "content_block_delta":
            return None
        delta = chunk.get("delta")
        if not delta or delta.get("type") != "text_delta" or delta.keys() - {"type", "text"}:
            return None
        text = delta.get("text")
        return text if isinstance(text, str) else None

    def is_end(self, chunk: Chunk) -> bool:
        return chunk.get("type") == "message_stop"


class GeminiAdapter(ProviderAdapter):
    """Gemini's generateContent API, which litellm's configuration class does not cover."""

    def make_parser(self) -> Any:
        from litellm.llms.vertex_ai.gemini.vertex_and_google_ai_studio_gemini import ModelResponseIterator

        # The parser reads only these fields of the call.
        call: Any = SimpleNamespace(optional_params={}, litellm_params={}, model_call_details={})
        return ModelResponseIterator(streaming_response=(), sync_stream=True, logging_obj=call)

    def make_headers(self, messages: list[dict[str, str]], options: dict[str, Any]) -> dict[str, str]:
        return {"x-goog-api-key": self.key}

    def make_url(self, options: dict[str, Any]) -> str:
        if self.api_base:
            return f"{self.api_base.rstrip('/')}/models/{self.model}:streamGenerateContent?alt=sse"
        from litellm.llms.vertex_ai.common_utils import get_gemini_url

        return str(get_gemini_url(mode="chat", model=self.model, stream=True)[0])

    def make_body(
        self, messages: list[dict[str, str]], options: dict[str, Any], headers: dict[str, str]
    ) -> Chunk:
        from litellm.llms.vertex_ai.gemini.transformation import transform_request_body

        contents: Any = messages
        return dict(
            transform_request_body(
                messages=contents,
                model=self.model,
                optional_params=options,
                custom_llm_provider="gemini",
                litellm_params={},
                cached_content=None,
            )
        )

    def read_plain_text(self, chunk: Chunk) -> str | None:
        candidates = chunk.get("candidates")
        if not candidates or len(candidates) != 1 or "promptFeedback" in chunk or "error" in chunk:
            return None
        candidate = candidates[0]
        # Every chunk repeats the usage so far; the last one, which `read` parses, holds the total.
        if candidate.keys() - {"content", "index"}:
            return None
        parts = candidate["content"].get("parts") or ()
        if any(part.keys() != {"text"} for part in parts):
            return None
        return "".join(part["text"] for part in parts)

    def read(self, chunk: Chunk) -> Piece:
        piece = super().read(chunk)
        is_last = "promptFeedback" in chunk or any(
            "finishReason" in candidate for candidate in chunk.get("candidates", ())
        )
        # litellm's parser reports "stop" for every chunk, which would hide a cut stream.
        return piece if is_last else replace(piece, finish_reason="")


ADAPTERS: dict[str, type[ProviderAdapter]] = {
    "openai": OpenAIAdapter,
    "openrouter": OpenRouterAdapter,
    "anthropic": AnthropicAdapter,
    "gemini": GeminiAdapter,
}
