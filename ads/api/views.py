"""The market's HTTP API for the conversation side: the contract as JSON."""

import base64
import hmac
import json

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from ads.contract import ContractError, decode_request, encode_answer
from ads.events.link_tokens import service_key
from ads.selection.serving.serve import serve
from ads.selection.serving.snapshots import serving_state
from ads.selection.serving.vocabulary import read_vocabulary

BODY_LIMIT = 2048


@csrf_exempt
@require_POST
def select(request: HttpRequest) -> HttpResponse:
    """Answer one request for an ad."""
    if not _is_authorised(request):
        return JsonResponse({"error": "unknown_caller"}, status=401)
    if len(request.body) > BODY_LIMIT:
        return JsonResponse({"error": "too_long"}, status=413)
    try:
        document = json.loads(request.body)
        if not isinstance(document, dict):
            raise ContractError("not an object")
        ad_request = decode_request(document)
    except (ValueError, RecursionError) as error:
        return JsonResponse({"error": "bad_request", "detail": str(error)[:200]}, status=400)
    return JsonResponse(encode_answer(serve(ad_request)))


@require_safe
def vocabulary(request: HttpRequest) -> HttpResponse:
    """Return the closed vocabulary, or 304 when the caller has it."""
    if not _is_authorised(request):
        return JsonResponse({"error": "unknown_caller"}, status=401)
    current = read_vocabulary(serving_state().snapshot)
    tag = f'"{current.version}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304)
    answer = JsonResponse(
        {
            "version": current.version,
            "terms": current.terms,
            "negatives": sorted(current.negatives),
            "glosses": current.glosses,
            "vectors": base64.b64encode(current.vectors).decode(),
        }
    )
    answer["ETag"] = tag
    return answer


def _is_authorised(request: HttpRequest) -> bool:
    # An offer commits an advertiser's budget, so only the conversation side may ask.
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return hmac.compare_digest(token.encode(), service_key().encode())
