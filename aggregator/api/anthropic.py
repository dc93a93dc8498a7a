"""The public API as Anthropic's clients speak it: messages."""

from collections.abc import AsyncIterator

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from aggregator.api.api_endpoint import Body, api_endpoint, json_response, read_body
from aggregator.api.errors import ApiError, invalid_field
from aggregator.api.message_parsing import parse_content, parse_messages
from aggregator.api.request_params import create_turn, parse_request_params
from aggregator.api.sse import format_sse_event, stream_response
from aggregator.api.turn_stream import TurnStream
from aggregator.models import ApiKey

ROLES = ("user", "assistant")
ERROR_TYPES = {
    401: "authentication_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}
STOP_REASONS = {"length": "max_tokens", "content_filter": "refusal"}


def format_error(refusal: ApiError) -> Body:
    """Return a refusal in Anthropic's form."""
    kind = "api_error" if refusal.status >= 500 else "invalid_request_error"
    where = f"{refusal.param}: " if refusal.param else ""
    error = {"type": ERROR_TYPES.get(refusal.status, kind), "message": f"{where}{refusal.message}"}
    return {"type": "error", "error": error}


@api_endpoint("POST", format_error)
async def create_message(request: HttpRequest, key: ApiKey) -> HttpResponseBase:
    """Answer a conversation, whole or piece by piece."""
    body = read_body(request)
    is_streamed = _parse_stream_option(body)
    params = await parse_request_params(body)
    system_prompt = parse_content(body["system"], "system") if body.get("system") else ""
    transcript = parse_messages(body.get("messages"), ROLES, system_prompt)
    answer = TurnStream(await create_turn(key, params, transcript))
    await answer.begin()
    if is_streamed:
        frames = _stream(answer, params.model)
        return stream_response(
            answer, frames, lambda refusal: format_sse_event(format_error(refusal), "error")
        )
    try:
        return json_response(await _collect_message(answer, params.model))
    finally:
        await answer.close()


def _parse_stream_option(body: Body) -> bool:
    if body.get("tools"):
        raise invalid_field(
            "tools", _("도구는 아직 쓸 수 없어요. 빼고 보내 주세요."), "unsupported_parameter"
        )
    is_streamed = body.get("stream") or False
    if not isinstance(is_streamed, bool):
        raise invalid_field("stream", _("stream은 true나 false여야 해요."), "invalid_type")
    return is_streamed


def _message(answer: TurnStream, model: str) -> Body:
    return {
        "id": f"msg_{answer.turn.public_id.hex}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 0, "output_tokens": 0},
    }


async def _stream(answer: TurnStream, model: str) -> AsyncIterator[bytes]:
    yield _event("message_start", message=_message(answer, model))
    yield _event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    async for piece in answer.chunks():
        if piece:
            yield _event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
        else:
            yield _event("ping")
    answer.check_complete()
    yield _event("content_block_stop", index=0)
    delta = {"stop_reason": _stop_reason(answer), "stop_sequence": None}
    yield _event("message_delta", delta=delta, usage=await _usage(answer), jjamppong=answer.describe())
    yield _event("message_stop")


def _event(kind: str, **fields: object) -> bytes:
    return format_sse_event({"type": kind, **fields}, kind)


async def _collect_message(answer: TurnStream, model: str) -> Body:
    async for _piece in answer.chunks():
        pass
    return {
        **_message(answer, model),
        "content": [{"type": "text", "text": answer.state.answer}],
        "stop_reason": _stop_reason(answer),
        "usage": await _usage(answer),
        "jjamppong": answer.describe(),
    }


def _stop_reason(answer: TurnStream) -> str:
    return STOP_REASONS.get(answer.finish_reason, "end_turn")


async def _usage(answer: TurnStream) -> dict[str, int]:
    read, written = await answer.count_tokens()
    return {"input_tokens": read, "output_tokens": written}
