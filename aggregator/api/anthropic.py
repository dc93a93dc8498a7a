"""The public API in the format of Anthropic's: messages."""

from collections.abc import AsyncIterator

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from aggregator.api.api_endpoint import Body, api_endpoint, json_response, read_body
from aggregator.api.errors import ApiError, invalid_field
from aggregator.api.message_parsing import parse_content, parse_messages
from aggregator.api.request_params import create_turn, parse_request_params, parse_stream_flag
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


def format_error(error: ApiError) -> Body:
    """Return an error in Anthropic's form."""
    kind = "api_error" if error.status >= 500 else "invalid_request_error"
    field = f"{error.param}: " if error.param else ""
    details = {"type": ERROR_TYPES.get(error.status, kind), "message": f"{field}{error.message}"}
    return {"type": "error", "error": details}


@api_endpoint("POST", format_error)
async def create_message(request: HttpRequest, key: ApiKey) -> HttpResponseBase:
    """Answer a conversation, at once or as a stream."""
    body = read_body(request)
    _check_tools(body)
    is_streamed = parse_stream_flag(body)
    params = await parse_request_params(body)
    system_prompt = parse_content(body["system"], "system") if body.get("system") else ""
    transcript = parse_messages(body.get("messages"), ROLES, system_prompt)
    turn = TurnStream(await create_turn(key, params, transcript))
    await turn.begin()
    if is_streamed:
        events = _stream(turn, params.model)
        return stream_response(turn, events, lambda error: format_sse_event(format_error(error), "error"))
    try:
        return json_response(await _complete(turn, params.model))
    finally:
        await turn.close()


def _check_tools(body: Body) -> None:
    if body.get("tools"):
        raise invalid_field(
            "tools", _("도구는 아직 쓸 수 없어요. 빼고 보내 주세요."), "unsupported_parameter"
        )


def _message(turn: TurnStream, model: str) -> Body:
    return {
        "id": f"msg_{turn.turn.public_id.hex}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 0, "output_tokens": 0},
    }


async def _stream(turn: TurnStream, model: str) -> AsyncIterator[bytes]:
    yield _event("message_start", message=_message(turn, model))
    yield _event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    async for text in turn.chunks():
        if text:
            yield _event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})
        else:
            yield _event("ping")
    turn.check_complete()
    yield _event("content_block_stop", index=0)
    delta = {"stop_reason": _stop_reason(turn), "stop_sequence": None}
    yield _event("message_delta", delta=delta, usage=await _usage(turn), jjamppong=turn.describe())
    yield _event("message_stop")


def _event(kind: str, **fields: object) -> bytes:
    return format_sse_event({"type": kind, **fields}, kind)


async def _complete(turn: TurnStream, model: str) -> Body:
    text = await turn.read_all()
    return {
        **_message(turn, model),
        "content": [{"type": "text", "text": text}],
        "stop_reason": _stop_reason(turn),
        "usage": await _usage(turn),
        "jjamppong": turn.describe(),
    }


def _stop_reason(turn: TurnStream) -> str:
    return STOP_REASONS.get(turn.finish_reason, "end_turn")


async def _usage(turn: TurnStream) -> dict[str, int]:
    input_tokens, output_tokens = await turn.count_tokens()
    return {"input_tokens": input_tokens, "output_tokens": output_tokens}
