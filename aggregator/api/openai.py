"""The public API as OpenAI's clients speak it: models and chat completions."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from aggregator.api.answers import Answer
from aggregator.api.doors import Body, door, read_body, send_json
from aggregator.api.refusals import ApiRefusal, bad_field, no_such_model
from aggregator.api.streams import KEEP_ALIVE, frame, send_stream
from aggregator.api.transcripts import read_transcript
from aggregator.api.wishes import KITCHEN, open_turn, read_wish
from aggregator.listings import offered_models
from aggregator.models import ApiKey
from aggregator.off_loop import off_loop

ROLES = ("system", "developer", "user", "assistant")
KINDS = {401: "authentication_error", 429: "rate_limit_error"}
DONE = b"data: [DONE]\n\n"
# Parameters that would change the form of the answer; leaving them out silently would break the caller.
HARMLESS: dict[str, tuple[object, ...]] = {
    "n": (None, 1),
    "tools": (None, []),
    "functions": (None, []),
    "logprobs": (None, False),
    "audio": (None,),
    "modalities": (None, ["text"]),
    "response_format": (None, {"type": "text"}),
}


def word_refusal(refusal: ApiRefusal) -> Body:
    """Return a refusal in OpenAI's form."""
    kind = "server_error" if refusal.status >= 500 else "invalid_request_error"
    return {
        "error": {
            "message": refusal.message,
            "type": KINDS.get(refusal.status, kind),
            "param": refusal.param,
            "code": refusal.code,
        }
    }


@door("GET", word_refusal)
async def list_models(request: HttpRequest, key: ApiKey) -> HttpResponseBase:
    """Return the whole kitchen and every model on offer."""
    return send_json({"object": "list", "data": await _cards()})


@door("GET", word_refusal)
async def show_model(request: HttpRequest, key: ApiKey, slug: str) -> HttpResponseBase:
    """Return one model."""
    for card in await _cards():
        if card["id"] == slug:
            return send_json(card)
    raise no_such_model(slug)


async def _cards() -> list[Body]:
    models = await off_loop(offered_models)
    return [_card(KITCHEN, "jjamppong"), *(_card(model.slug, model.vendor) for model in models)]


def _card(slug: str, owner: str) -> Body:
    return {"id": slug, "object": "model", "created": 0, "owned_by": owner}


@door("POST", word_refusal)
async def complete(request: HttpRequest, key: ApiKey) -> HttpResponseBase:
    """Answer a conversation, whole or piece by piece."""
    body = read_body(request)
    is_streamed, counts = _read_manner(body)
    wish = await read_wish(body)
    transcript = read_transcript(body.get("messages"), ROLES)
    answer = Answer(await open_turn(key, wish, transcript))
    await answer.begin()
    envelope = Envelope(f"chatcmpl-{answer.turn.public_id.hex}", int(time.time()), wish.model)
    if is_streamed:
        frames = _stream(answer, envelope, counts=counts)
        return send_stream(answer, frames, lambda refusal: frame(word_refusal(refusal)))
    try:
        return send_json(await _whole(answer, envelope))
    finally:
        await answer.close()


def _read_manner(body: Body) -> tuple[bool, bool]:
    for name, values in HARMLESS.items():
        if body.get(name) not in values:
            message = _("%(name)s은(는) 아직 쓸 수 없어요. 빼고 보내 주세요.") % {"name": name}
            raise bad_field(name, message, "unsupported_parameter")
    is_streamed, options = body.get("stream") or False, body.get("stream_options") or {}
    if not isinstance(is_streamed, bool):
        raise bad_field("stream", _("stream은 true나 false여야 해요."), "invalid_type")
    if not isinstance(options, dict):
        raise bad_field("stream_options", _("stream_options는 객체여야 해요."), "invalid_type")
    return is_streamed, options.get("include_usage") is True


@dataclass(frozen=True, slots=True)
class Envelope:
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
        return frame(self.wrap("chat.completion.chunk", [choice], **more))


async def _stream(answer: Answer, envelope: Envelope, *, counts: bool) -> AsyncIterator[bytes]:
    yield envelope.chunk({"role": "assistant", "content": ""})
    async for piece in answer.pieces():
        yield envelope.chunk({"content": piece}) if piece else KEEP_ALIVE
    answer.check_whole()
    yield envelope.chunk({}, answer.finish_reason, jjamppong=answer.describe())
    if counts:
        usage = await _count(answer)
        yield frame(envelope.wrap("chat.completion.chunk", [], usage=usage))
    yield DONE


async def _whole(answer: Answer, envelope: Envelope) -> Body:
    async for _piece in answer.pieces():
        pass
    message = {"role": "assistant", "content": answer.state.answer, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish_reason}
    usage = await _count(answer)
    return envelope.wrap("chat.completion", [choice], usage=usage, jjamppong=answer.describe())


async def _count(answer: Answer) -> dict[str, int]:
    read, written = await answer.count_tokens()
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
