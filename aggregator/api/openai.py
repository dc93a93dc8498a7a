"""The public API in the format of OpenAI's: models and chat completions."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from aggregator.api.api_endpoint import Body, api_endpoint, json_response, read_body
from aggregator.api.errors import ApiError, invalid_field, model_not_found_error
from aggregator.api.message_parsing import parse_messages
from aggregator.api.request_params import ENSEMBLE_MODEL, create_turn, parse_request_params, parse_stream_flag
from aggregator.api.sse import KEEP_ALIVE, format_sse_event, stream_response
from aggregator.api.turn_stream import TurnStream
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import ApiKey
from aggregator.services.listings import list_offered_models

ROLES = ("system", "developer", "user", "assistant")
ERROR_TYPES = {401: "authentication_error", 429: "rate_limit_error"}
DONE = b"data: [DONE]\n\n"
# Parameters that would change the form of the answer: ignoring other values would break the caller.
ACCEPTED_VALUES: dict[str, tuple[object, ...]] = {
    "n": (None, 1),
    "tools": (None, []),
    "functions": (None, []),
    "logprobs": (None, False),
    "audio": (None,),
    "modalities": (None, ["text"]),
    "response_format": (None, {"type": "text"}),
}


def format_error(error: ApiError) -> Body:
    """Return an error in OpenAI's form."""
    kind = "server_error" if error.status >= 500 else "invalid_request_error"
    return {
        "error": {
            "message": error.message,
            "type": ERROR_TYPES.get(error.status, kind),
            "param": error.param,
            "code": error.code,
        }
    }


@api_endpoint("GET", format_error)
async def list_models(request: HttpRequest, key: ApiKey) -> HttpResponseBase:
    """List the ensemble and every offered model."""
    return json_response({"object": "list", "data": await _model_objects()})


@api_endpoint("GET", format_error)
async def show_model(request: HttpRequest, key: ApiKey, slug: str) -> HttpResponseBase:
    """Return one model."""
    for model in await _model_objects():
        if model["id"] == slug:
            return json_response(model)
    raise model_not_found_error(slug)


async def _model_objects() -> list[Body]:
    models = await run_in_db_thread(list_offered_models)
    return [
        _model_object(ENSEMBLE_MODEL, "jjamppong"),
        *(_model_object(model.slug, model.vendor) for model in models),
    ]


def _model_object(slug: str, owner: str) -> Body:
    return {"id": slug, "object": "model", "created": 0, "owned_by": owner}


@api_endpoint("POST", format_error)
async def create_chat_completion(request: HttpRequest, key: ApiKey) -> HttpResponseBase:
    """Answer a conversation, at once or as a stream."""
    body = read_body(request)
    _check_accepted_values(body)
    is_streamed, includes_usage = parse_stream_flag(body), _parse_include_usage(body)
    params = await parse_request_params(body)
    transcript = parse_messages(body.get("messages"), ROLES)
    turn = TurnStream(await create_turn(key, params, transcript))
    await turn.begin()
    envelope = CompletionEnvelope(f"chatcmpl-{turn.turn.public_id.hex}", int(time.time()), params.model)
    if is_streamed:
        events = _stream(turn, envelope, includes_usage=includes_usage)
        return stream_response(turn, events, lambda error: format_sse_event(format_error(error)))
    try:
        return json_response(await _complete(turn, envelope))
    finally:
        await turn.close()


def _check_accepted_values(body: Body) -> None:
    for name, values in ACCEPTED_VALUES.items():
        if body.get(name) not in values:
            message = _("%(name)s은(는) 아직 쓸 수 없어요. 빼고 보내 주세요.") % {"name": name}
            raise invalid_field(name, message, "unsupported_parameter")


def _parse_include_usage(body: Body) -> bool:
    options = body.get("stream_options") or {}
    if not isinstance(options, dict):
        raise invalid_field("stream_options", _("stream_options는 객체여야 해요."), "invalid_type")
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
    yield envelope.chunk({}, turn.finish_reason, jjamppong=turn.describe())
    if includes_usage:
        usage = await _usage(turn)
        yield format_sse_event(envelope.wrap("chat.completion.chunk", [], usage=usage))
    yield DONE


async def _complete(turn: TurnStream, envelope: CompletionEnvelope) -> Body:
    message = {"role": "assistant", "content": await turn.read_all(), "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": turn.finish_reason}
    usage = await _usage(turn)
    return envelope.wrap("chat.completion", [choice], usage=usage, jjamppong=turn.describe())


async def _usage(turn: TurnStream) -> dict[str, int]:
    prompt, completion = await turn.count_tokens()
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
