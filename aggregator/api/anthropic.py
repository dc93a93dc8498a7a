"""The public API as Anthropic's clients speak it: messages."""

from collections.abc import AsyncIterator

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from aggregator.api.answers import Answer
from aggregator.api.doors import Body, door, read_body, send_json
from aggregator.api.refusals import ApiRefusal, bad_field
from aggregator.api.streams import frame, send_stream
from aggregator.api.transcripts import read_text, read_transcript
from aggregator.api.wishes import open_turn, read_wish
from aggregator.models import ApiKey

ROLES = ("user", "assistant")
KINDS = {
    401: "authentication_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}
STOPS = {"length": "max_tokens", "content_filter": "refusal"}


def word_refusal(refusal: ApiRefusal) -> Body:
    """Return a refusal in Anthropic's form."""
    kind = "api_error" if refusal.status >= 500 else "invalid_request_error"
    where = f"{refusal.param}: " if refusal.param else ""
    told = {"type": KINDS.get(refusal.status, kind), "message": f"{where}{refusal.message}"}
    return {"type": "error", "error": told}


@door("POST", word_refusal)
async def write_message(request: HttpRequest, key: ApiKey) -> HttpResponseBase:
    """Answer a conversation, whole or piece by piece."""
    body = read_body(request)
    is_streamed = _read_manner(body)
    wish = await read_wish(body)
    orders = read_text(body["system"], "system") if body.get("system") else ""
    transcript = read_transcript(body.get("messages"), ROLES, orders)
    answer = Answer(await open_turn(key, wish, transcript))
    await answer.begin()
    if is_streamed:
        frames = _stream(answer, wish.model)
        return send_stream(answer, frames, lambda refusal: frame(word_refusal(refusal), "error"))
    try:
        return send_json(await _whole(answer, wish.model))
    finally:
        await answer.close()


def _read_manner(body: Body) -> bool:
    if body.get("tools"):
        raise bad_field("tools", _("도구는 아직 쓸 수 없어요. 빼고 보내 주세요."), "unsupported_parameter")
    is_streamed = body.get("stream") or False
    if not isinstance(is_streamed, bool):
        raise bad_field("stream", _("stream은 true나 false여야 해요."), "invalid_type")
    return is_streamed


def _message(answer: Answer, model: str) -> Body:
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


async def _stream(answer: Answer, model: str) -> AsyncIterator[bytes]:
    yield _event("message_start", message=_message(answer, model))
    yield _event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    async for piece in answer.pieces():
        if piece:
            yield _event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
        else:
            yield _event("ping")
    answer.check_whole()
    yield _event("content_block_stop", index=0)
    ending = {"stop_reason": _stop_reason(answer), "stop_sequence": None}
    yield _event("message_delta", delta=ending, usage=await _count(answer), jjamppong=answer.describe())
    yield _event("message_stop")


def _event(kind: str, **fields: object) -> bytes:
    return frame({"type": kind, **fields}, kind)


async def _whole(answer: Answer, model: str) -> Body:
    async for _piece in answer.pieces():
        pass
    return {
        **_message(answer, model),
        "content": [{"type": "text", "text": answer.state.answer}],
        "stop_reason": _stop_reason(answer),
        "usage": await _count(answer),
        "jjamppong": answer.describe(),
    }


def _stop_reason(answer: Answer) -> str:
    return STOPS.get(answer.finish_reason, "end_turn")


async def _count(answer: Answer) -> dict[str, int]:
    read, written = await answer.count_tokens()
    return {"input_tokens": read, "output_tokens": written}
