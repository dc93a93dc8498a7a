"""The public API in the format of Anthropic's: messages."""

from collections.abc import AsyncIterator

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from aggregator.api.api_endpoint import Body, api_endpoint, json_response, read_body
from aggregator.api.error_formats import format_anthropic_error
from aggregator.api.errors import invalid_field
from aggregator.api.message_parsing import parse_content, parse_messages
from aggregator.api.request_params import create_turn, parse_request_params, parse_stream_flag
from aggregator.api.sampling_params import ANTHROPIC_FIELDS, check_fields, parse_sampling
from aggregator.api.sse import format_sse_event, stream_response
from aggregator.api.turn_stream import TurnStream
from aggregator.models import ApiKey

ROLES = ("user", "assistant")
STOP_REASONS = {"length": "max_tokens", "content_filter": "refusal"}


@api_endpoint("POST", lambda _request: format_anthropic_error)
async def create_message(request: HttpRequest, key: ApiKey) -> HttpResponseBase:
    """Answer a conversation, at once or as a stream."""
    body = read_body(request)
    check_fields(body, ANTHROPIC_FIELDS)
    is_streamed = parse_stream_flag(body)
    params = await parse_request_params(body)
    system = body.get("system")
    system_prompt = "" if system is None or system == [] else parse_content(system, "system")
    if body.get("max_tokens") is None:
        raise invalid_field(
            "max_tokens", _("꼭 필요한 값이에요. 답의 최대 토큰 수를 넣어 주세요."), "missing_parameter"
        )
    sampling = parse_sampling(body, ANTHROPIC_FIELDS, params.language_model)
    transcript = parse_messages(body.get("messages"), ROLES, system_prompt)
    turn = TurnStream(await create_turn(key, params, transcript, sampling))
    await turn.begin()
    if is_streamed:
        events = _stream(turn, params.model)
        return stream_response(
            turn, events, lambda error: format_sse_event(format_anthropic_error(error), "error")
        )
    try:
        return json_response(await _complete(turn, params.model))
    finally:
        await turn.close()


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
    delta = {"stop_reason": await _stop_reason(turn), "stop_sequence": None}
    yield _event("message_delta", delta=delta, usage=await _usage(turn), jjamppong=turn.describe())
    yield _event("message_stop")


def _event(kind: str, **fields: object) -> bytes:
    return format_sse_event({"type": kind, **fields}, kind)


async def _complete(turn: TurnStream, model: str) -> Body:
    text = await turn.read_all()
    return {
        **_message(turn, model),
        "content": [{"type": "text", "text": text}] if text else [],
        "stop_reason": await _stop_reason(turn),
        "usage": await _usage(turn),
        "jjamppong": turn.describe(),
    }


async def _stop_reason(turn: TurnStream) -> str:
    return STOP_REASONS.get(await turn.read_finish_reason(), "end_turn")


async def _usage(turn: TurnStream) -> dict[str, int]:
    input_tokens, output_tokens = await turn.count_tokens()
    return {"input_tokens": input_tokens, "output_tokens": output_tokens}
