"""The public API as OpenAI's clients speak it: models."""

from django.http import HttpRequest, HttpResponseBase

from aggregator.api.doors import Body, door, send_json
from aggregator.api.refusals import ApiRefusal, no_such_model
from aggregator.listings import offered_models
from aggregator.models import ApiKey
from aggregator.turns import off_loop

KITCHEN = "jjamppong"
KINDS = {401: "authentication_error", 429: "rate_limit_error"}


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
