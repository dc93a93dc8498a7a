"""The models of the public API, in OpenAI's form, and in Anthropic's for requests that name its version."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from aggregator.api.api_endpoint import Body, api_endpoint, json_response
from aggregator.api.error_formats import choose_error_format, is_anthropic_request
from aggregator.api.errors import invalid_field, model_not_found_error
from aggregator.api.request_params import ENSEMBLE_MODEL
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import ApiKey
from aggregator.services.listings import list_offered_models

PAGE_SIZE, MAX_PAGE_SIZE = 20, 1_000


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model as both forms describe it; the ensemble has no limits of its own."""

    slug: str
    name: str
    owner: str
    max_input_tokens: int | None = None
    max_tokens: int | None = None

    def to_openai(self) -> Body:
        """Return the model in OpenAI's form."""
        return {"id": self.slug, "object": "model", "created": 0, "owned_by": self.owner}

    def to_anthropic(self) -> Body:
        """Return the model in Anthropic's form; the date is the one that stands for an unknown date there."""
        return {
            "type": "model",
            "id": self.slug,
            "display_name": self.name,
            "created_at": "1970-01-01T00:00:00Z",
            "lifecycle": "active",
            "max_input_tokens": self.max_input_tokens,
            "max_tokens": self.max_tokens,
        }


@api_endpoint("GET", choose_error_format)
async def list_models(request: HttpRequest, key: ApiKey) -> HttpResponseBase:
    """List the ensemble and every offered model."""
    entries = await _list_entries()
    if is_anthropic_request(request):
        return json_response(_build_page(request, entries))
    return json_response({"object": "list", "data": [entry.to_openai() for entry in entries]})


@api_endpoint("GET", choose_error_format)
async def show_model(request: HttpRequest, key: ApiKey, slug: str) -> HttpResponseBase:
    """Return one model."""
    for entry in await _list_entries():
        if entry.slug == slug:
            return json_response(entry.to_anthropic() if is_anthropic_request(request) else entry.to_openai())
    raise model_not_found_error(slug)


async def _list_entries() -> list[ModelEntry]:
    models = await run_in_db_thread(list_offered_models)
    return [
        ModelEntry(ENSEMBLE_MODEL, "짬뽕", ENSEMBLE_MODEL),
        *(
            ModelEntry(model.slug, model.name, model.vendor, model.context_window, model.output_limit)
            for model in models
        ),
    ]


def _build_page(request: HttpRequest, entries: Sequence[ModelEntry]) -> Body:
    limit, states = (
        _parse_limit(request),
        request.GET.getlist("lifecycle") + request.GET.getlist("lifecycle[]"),
    )
    if states and "active" not in states:
        entries = []
    if before := request.GET.get("before_id"):
        earlier = entries[: _find_place(entries, before, "before_id")]
        page, has_more = earlier[-limit:], len(earlier) > limit
    else:
        after = request.GET.get("after_id")
        later = entries[_find_place(entries, after, "after_id") + 1 :] if after else entries
        page, has_more = later[:limit], len(later) > limit
    return {
        "data": [entry.to_anthropic() for entry in page],
        "has_more": has_more,
        "first_id": page[0].slug if page else None,
        "last_id": page[-1].slug if page else None,
    }


def _parse_limit(request: HttpRequest) -> int:
    text = request.GET.get("limit", str(PAGE_SIZE))
    limit = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0
    if not 1 <= limit <= MAX_PAGE_SIZE:
        message = _("%(name)s은(는) %(low)s 이상 %(high)s 이하여야 해요.")
        raise invalid_field("limit", message % {"name": "limit", "low": 1, "high": MAX_PAGE_SIZE})
    return limit


def _find_place(entries: Sequence[ModelEntry], slug: str, param: str) -> int:
    for place, entry in enumerate(entries):
        if entry.slug == slug:
            return place
    raise invalid_field(param, _("목록에 없는 모델이에요."))
