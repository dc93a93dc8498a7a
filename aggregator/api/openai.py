"""The public API in the format of OpenAI's: chat completions."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from aggregator.api.api_endpoint import Body, api_endpoint, json_response, read_body
from aggregator.api.error_formats import format_openai_error
from aggregator.api.errors import invalid_field, unknown_field
from aggregator.api.message_parsing import parse_messages
from aggregator.api.request_params import create_turn, parse_request_params, parse_stream_flag
from aggregator.api.sampling_params import OPENAI_FIELDS, check_fields, parse_sampling
from aggregator.api.sse import KEEP_ALIVE, format_sse_event, stream_response
from aggregator.api.turn_stream import TurnStream
from aggregator.models import ApiKey

ROLES = ("system", "developer", "user", "assistant")
STREAM_OPTIONS = ("include_usage", "include_obfuscation")
DONE = b"data: [DONE]\n\n"


@api_endpoint("POST", lambda _request: format_openai_error)
async def create_chat_completion(request: HttpRequest, key: ApiKey) -> HttpResponseBase:
    """Answer a conversation, at once or as a stream."""
    body = read_body(request)
    check_fields(body, OPENAI_FIELDS)
    is_streamed, includes_usage = parse_stream_flag(body), _parse_include_usage(body)
    params = await parse_request_params(body)
    sampling = parse_sampling(body, OPENAI_FIELDS, params.language_model)
    transcript = parse_messages(body.get("messages"), ROLES)
    turn = TurnStream(await create_turn(key, params, transcript, sampling))
    await turn.begin()
    envelope = CompletionEnvelope(f"chatcmpl-{turn.turn.public_id.hex}", int(time.time()), params.model)
    if is_streamed:
        events = _stream(turn, envelope, includes_usage=includes_usage)
        return stream_response(turn, events, lambda error: format_sse_event(format_openai_error(error)))
    try:
        return json_response(await _complete(turn, envelope))
    finally:
        await turn.close()


def _parse_include_usage(body: Body) -> bool:
    options = body.get("stream_options")
    if options is None:
        return False
    if not isinstance(options, dict):
        raise invalid_field("stream_options", _("stream_options는 객체여야 해요."), "invalid_type")
    for name, value in options.items():
        if name not in STREAM_OPTIONS:
            raise unknown_field(f"stream_options.{name}")
        if not isinstance(value, bool | None):
            raise invalid_field(f"stream_options.{name}", _("true나 false여야 해요."), "invalid_type")
    return options.get("include_usage") is True


@dataclass(frozen=True, slots=True)
class CompletionEnvelope:
    """The fields that every object of one completion has."""

    id: str
    created: int
    model: str

    def wrap(self, kind: str, choices: list[Body], **more: Any) -> Body:
        """Return an object of this completion with more fields."""
        head = {"id": self.id, "object": kind, "created": self.created, "model": self.model}
        return {**head, "choices": choices, **more}

    def chunk(self, delta: Body, finish_reason: str | None = None, **more: Any) -> bytes:
        """Return a chunk of the stream as a server-sent event."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return format_sse_event(self.wrap("chat.completion.chunk", [choice], **more))


async def _stream(
    turn: TurnStream, envelope: CompletionEnvelope, *, includes_usage: bool
) -> AsyncIterator[bytes]:
    yield envelope.chunk({"role": "assistant", "content": ""})
    async for text in turn.chunks():
        yield envelope.chunk({"content": text}) if text else KEEP_ALIVE
    turn.check_complete()
    yield envelope.chunk({}, await turn.read_finish_reason(), jjamppong=turn.describe())
    if includes_usage:
        usage = await _usage(turn)
        yield format_sse_event(envelope.wrap("chat.completion.chunk", [], usage=usage))
    yield DONE


async def _complete(turn: TurnStream, envelope: CompletionEnvelope) -> Body:
    message = {"role": "assistant", "content": await turn.read_all(), "refusal": None}
    finish_reason = await turn.read_finish_reason()
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}
    usage = await _usage(turn)
    return envelope.wrap("chat.completion", [choice], usage=usage, jjamppong=turn.describe())


async def _usage(turn: TurnStream) -> dict[str, int]:
    prompt, completion = await turn.count_tokens()
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
