"""The streaming wire formats that the provider server speaks: OpenAI's, Anthropic's and Gemini's."""

import json
from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any, ClassVar

import orjson


def event(payload: dict[str, Any], name: str = "") -> bytes:
    """Return one server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(payload, ensure_ascii=False)}\n\n".encode()


def count_words(text: str) -> int:
    """Return a token count that is the same for the same text; its exact value does not matter."""
    return len(text.split()) + 3


class Wire(ABC):
    """One answer in one wire format: `open`, `text`…, `close`, or an error within the stream or before it."""

    route: ClassVar[str]
    has_usage = True
    usage: tuple[Any, Any] | None = None

    def __init__(self, model: str, body: dict[str, Any]) -> None:
        self.model = model
        self.body = body
        self.input_tokens = count_words(json.dumps(body, ensure_ascii=False))

    @property
    def is_streaming(self) -> bool:
        return bool(self.body.get("stream"))

    @staticmethod
    def last_prompt(body: dict[str, Any]) -> str:
        content = (body.get("messages") or [{}])[-1].get("content", "")
        return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)

    def open(self) -> bytes:
        return b""

    @abstractmethod
    def text(self, piece: str) -> bytes: ...

    def reasoning(self, thought: str) -> bytes:
        """Return a piece of reasoning; only some wires have it."""
        return b""

    @abstractmethod
    def close(self, finish: str, output_tokens: int | None) -> bytes: ...

    @abstractmethod
    def error_event(self, message: str) -> bytes: ...

    @abstractmethod
    def error_body(self, status: int, error: str) -> dict[str, Any]: ...

    @abstractmethod
    def complete_response(self, text: str, finish: str, output_tokens: int) -> dict[str, Any]: ...


ERROR_MESSAGES = {
    "server_error": "The server had an error.",
    "rate_limit_exceeded": "Rate limit reached.",
    "invalid_api_key": "Incorrect API key provided: sk-secret-in-the-body.",
    "context_length_exceeded": "This model's maximum context length is 8192 tokens.",
    "content_policy_violation": "Your request was rejected as a result of our safety system.",
    "model_not_found": "The model does not exist.",
    "invalid_request_error": "Something about the request is not right.",
}


class OpenAIWire(Wire):
    """The Chat Completions API of OpenAI, vLLM, llama.cpp, Upstage and many others."""

    route = "/v1/chat/completions"

    def _chunk(self, delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
        choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
        return event({**self._head("chat.completion.chunk"), "choices": choices, **more})

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": "chatcmpl-1", "object": kind, "created": 1_790_000_000, "model": self.model}

    def _usage(self, output_tokens: int) -> dict[str, Any]:
        prompt, completion = self.usage or (self.input_tokens, output_tokens)
        total = self.input_tokens + output_tokens
        return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total}

    def open(self) -> bytes:
        return self._chunk({"role": "assistant", "content": ""})

    def text(self, piece: str) -> bytes:
        head, tail = self._around
        return head + orjson.dumps(piece) + tail

    def reasoning(self, thought: str) -> bytes:
        return self._chunk({"reasoning_content": thought})

    @cached_property
    def _around(self) -> tuple[bytes, bytes]:
        # Benches send tens of thousands of pieces a second: the bytes around the text are encoded once.
        head, _, tail = self._chunk({"content": "|"}).partition(b'"|"')
        return head, tail

    def close(self, finish: str, output_tokens: int | None) -> bytes:
        if not finish:
            return b""
        frames = self._chunk({}, finish)
        wants_usage = (self.body.get("stream_options") or {}).get("include_usage")
        if wants_usage and output_tokens is not None:
            usage = {
                **self._head("chat.completion.chunk"),
                "choices": [],
                "usage": self._usage(output_tokens),
            }
            frames += event(usage)
        return frames + b"data: [DONE]\n\n"

    def error_event(self, message: str) -> bytes:
        return event({"error": {"message": message, "type": "server_error", "code": 500}})

    def error_body(self, status: int, error: str) -> dict[str, Any]:
        kind = "invalid_request_error" if status < 500 else "server_error"
        return {"error": {"message": ERROR_MESSAGES[error], "type": kind, "param": None, "code": error}}

    def complete_response(self, text: str, finish: str, output_tokens: int) -> dict[str, Any]:
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": finish}
        return {**self._head("chat.completion"), "choices": [choice], "usage": self._usage(output_tokens)}


class AnthropicWire(Wire):
    """The Messages API of Anthropic."""

    route = "/v1/messages"
    finishes: ClassVar[dict[str, str]] = {
        "stop": "end_turn",
        "length": "max_tokens",
        "content_filter": "refusal",
    }

    def _event(self, kind: str, **fields: Any) -> bytes:
        return event({"type": kind, **fields}, kind)

    def _message(self, content: list[dict[str, Any]], stop: str | None, output_tokens: int) -> dict[str, Any]:
        return {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": content,
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": {"input_tokens": self.input_tokens, "output_tokens": output_tokens},
        }

    def open(self) -> bytes:
        block = {"type": "text", "text": ""}
        return (
            self._event("message_start", message=self._message([], None, 1))
            + self._event("content_block_start", index=0, content_block=block)
            + self._event("ping")
        )

    def text(self, piece: str) -> bytes:
        return self._event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})

    def close(self, finish: str, output_tokens: int | None) -> bytes:
        if not finish:
            return b""
        delta = {"stop_reason": self.finishes[finish], "stop_sequence": None}
        return (
            self._event("content_block_stop", index=0)
            + self._event("message_delta", delta=delta, usage={"output_tokens": output_tokens or 0})
            + self._event("message_stop")
        )

    def error_event(self, message: str) -> bytes:
        return self._event("error", error={"type": "overloaded_error", "message": message})

    def error_body(self, status: int, error: str) -> dict[str, Any]:
        kinds = {401: "authentication_error", 403: "permission_error", 404: "not_found_error"}
        kinds |= {429: "rate_limit_error", 500: "api_error", 529: "overloaded_error"}
        is_too_long = error == "context_length_exceeded"
        message = (
            "prompt is too long: 300000 tokens > 200000 maximum" if is_too_long else ERROR_MESSAGES[error]
        )
        kind = kinds.get(status, "invalid_request_error")
        return {"type": "error", "error": {"type": kind, "message": message}}

    def complete_response(self, text: str, finish: str, output_tokens: int) -> dict[str, Any]:
        return self._message([{"type": "text", "text": text}], self.finishes[finish], output_tokens)


class GeminiWire(Wire):
    """The streamGenerateContent API of Gemini, with alt=sse."""

    route = "/v1beta/models/{model:.+}:streamGenerateContent"
    finishes: ClassVar[dict[str, str]] = {
        "stop": "STOP",
        "length": "MAX_TOKENS",
        "content_filter": "SAFETY",
    }

    def __init__(self, model: str, body: dict[str, Any]) -> None:
        super().__init__(model, body)
        self.sent = 0

    @property
    def is_streaming(self) -> bool:
        return True

    @staticmethod
    def last_prompt(body: dict[str, Any]) -> str:
        parts = (body.get("contents") or [{}])[-1].get("parts", [])
        return "".join(part.get("text", "") for part in parts)

    def _part(self, text: str, finish: str = "", output_tokens: int | None = None) -> dict[str, Any]:
        content = {"parts": [{"text": text}], "role": "model"}
        candidate: dict[str, Any] = {"content": content, "index": 0}
        if finish:
            candidate["finishReason"] = finish
        payload: dict[str, Any] = {"candidates": [candidate], "modelVersion": self.model, "responseId": "r1"}
        if output_tokens is not None:
            payload["usageMetadata"] = {
                "promptTokenCount": self.input_tokens,
                "candidatesTokenCount": output_tokens,
                "totalTokenCount": self.input_tokens + output_tokens,
            }
        return payload

    def text(self, piece: str) -> bytes:
        # Gemini repeats the usage so far in every chunk.
        self.sent += 1
        return event(self._part(piece, output_tokens=self.sent if self.has_usage else None))

    def close(self, finish: str, output_tokens: int | None) -> bytes:
        return event(self._part("", self.finishes[finish], output_tokens)) if finish else b""

    def error_event(self, message: str) -> bytes:
        return event({"error": {"code": 503, "message": message, "status": "UNAVAILABLE"}})

    def error_body(self, status: int, error: str) -> dict[str, Any]:
        statuses = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED"}
        statuses |= {404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL"}
        message = ERROR_MESSAGES[error]
        if error == "context_length_exceeded":
            message = (
                "The input token count (2000000) exceeds the maximum number of tokens allowed (1048576)."
            )
        return {"error": {"code": status, "message": message, "status": statuses.get(status, "UNKNOWN")}}

    def complete_response(self, text: str, finish: str, output_tokens: int) -> dict[str, Any]:
        return self._part(text, self.finishes[finish], output_tokens)


WIRES: tuple[type[Wire], ...] = (OpenAIWire, AnthropicWire, GeminiWire)
