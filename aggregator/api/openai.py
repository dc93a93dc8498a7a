"""The public API as OpenAI's clients speak it: models and chat completions."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from aggregator.api.api_endpoint import Body, api_endpoint, json_response, read_body
from aggregator.api.errors import ApiError, invalid_field, model_not_found_error
from aggregator.api.message_parsing import parse_messages
from aggregator.api.request_params import ENSEMBLE_MODEL, create_turn, parse_request_params
from aggregator.api.sse import KEEP_ALIVE, format_sse_event, stream_response
from aggregator.api.turn_stream import TurnStream
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import ApiKey
from aggregator.services.listings import list_offered_models

ROLES = ("system", "developer", "user", "assistant")
ERROR_TYPES = {401: "authentication_error", 429: "rate_limit_error"}
DONE = b"data: [DONE]\n\n"
# Parameters that would change the form of the answer; leaving them out silently would break the caller.
ACCEPTED_VALUES: dict[str, tuple[object, ...]] = {
    "n": (None, 1),
    "tools": (None, []),
    "functions": (None, []),
    "logprobs": (None, False),
    "audio": (None,),
    "modalities": (None, ["text"]),
    "response_format": (None, {"type": "text"}),
}


def format_error(refusal: ApiError) -> Body:
    """Return a refusal in OpenAI's form."""
    kind = "server_error" if refusal.status >= 500 else "invalid_request_error"
    return {
        "error": {
            "message": refusal.message,
            "type": ERROR_TYPES.get(refusal.status, kind),
            "param": refusal.param,
            "code": refusal.code,
        }
    }


@api_endpoint("GET", format_error)
async def list_models(request: HttpRequest, key: ApiKey) -> HttpResponseBase:
    """Return the whole kitchen and every model on offer."""
    return json_response({"object": "list", "data": await _model_objects()})


@api_endpoint("GET", format_error)
async def show_model(request: HttpRequest, key: ApiKey, slug: str) -> HttpResponseBase:
    """Return one model."""
    for card in await _model_objects():
        if card["id"] == slug:
            return json_response(card)
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
    """Answer a conversation, whole or piece by piece."""
    body = read_body(request)
    is_streamed, counts = _parse_stream_options(body)
    params = await parse_request_params(body)
    transcript = parse_messages(body.get("messages"), ROLES)
    answer = TurnStream(await create_turn(key, params, transcript))
    await answer.begin()
    envelope = CompletionEnvelope(f"chatcmpl-{answer.turn.public_id.hex}", int(time.time()), params.model)
    if is_streamed:
        frames = _stream(answer, envelope, counts=counts)
        return stream_response(answer, frames, lambda refusal: format_sse_event(format_error(refusal)))
    try:
        return json_response(await _collect_completion(answer, envelope))
    finally:
        await answer.close()


def _parse_stream_options(body: Body) -> tuple[bool, bool]:
    for name, values in ACCEPTED_VALUES.items():
        if body.get(name) not in values:
            message = _("%(name)s은(는) 아직 쓸 수 없어요. 빼고 보내 주세요.") % {"name": name}
            raise invalid_field(name, message, "unsupported_parameter")
    is_streamed, options = body.get("stream") or False, body.get("stream_options") or {}
    if not isinstance(is_streamed, bool):
        raise invalid_field("stream", _("stream은 true나 false여야 해요."), "invalid_type")
    if not isinstance(options, dict):
        raise invalid_field("stream_options", _("stream_options는 객체여야 해요."), "invalid_type")
    return is_streamed, options.get("include_usage") is True


@dataclass(frozen=True, slots=True)
class CompletionEnvelope:
    """What every object of one completion carries."""

    id: str
    created: int
    model: str

    def wrap(self, kind: str, choices: list[Body], **more: Any) -> Body:
        """Return an object of this completion."""
        head = {"id": self.id, "object": kind, "created": self.created, "model": self.model}
        return {**head, "choices": choices, **more}

    def chunk(self, delta: Body, finish_reason: str | None = None, **more: Any) -> bytes:
        """Return one step of the stream."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return format_sse_event(self.wrap("chat.completion.chunk", [choice], **more))


async def _stream(answer: TurnStream, envelope: CompletionEnvelope, *, counts: bool) -> AsyncIterator[bytes]:
    yield envelope.chunk({"role": "assistant", "content": ""})
    async for piece in answer.chunks():
        yield envelope.chunk({"content": piece}) if piece else KEEP_ALIVE
    answer.check_complete()
    yield envelope.chunk({}, answer.finish_reason, jjamppong=answer.describe())
    if counts:
        usage = await _usage(answer)
        yield format_sse_event(envelope.wrap("chat.completion.chunk", [], usage=usage))
    yield DONE


async def _collect_completion(answer: TurnStream, envelope: CompletionEnvelope) -> Body:
    async for _piece in answer.chunks():
        pass
    message = {"role": "assistant", "content": answer.state.answer, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish_reason}
    usage = await _usage(answer)
    return envelope.wrap("chat.completion", [choice], usage=usage, jjamppong=answer.describe())


async def _usage(answer: TurnStream) -> dict[str, int]:
    read, written = await answer.count_tokens()
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
