"""How a call of the public API comes in and how a refusal goes out; the wires decorate their views on it."""

import functools
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from django.core.exceptions import RequestDataTooBig
from django.core.signals import got_request_exception
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from redis.exceptions import RedisError

from aggregator.api.authentication import authenticate
from aggregator.api.errors import ApiError, internal_error
from aggregator.infra.concurrency import run_in_db_thread

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 2_000_000
Body = dict[str, Any]
View = Callable[..., Coroutine[Any, Any, HttpResponseBase]]
ErrorFormatter = Callable[[ApiError], Body]


def api_endpoint(method: str, word: ErrorFormatter) -> Callable[[View], View]:
    """Let in one method with a valid key, pass the key on, and word every refusal as the wire does."""

    def decorate(answer: View) -> View:
        @csrf_exempt
        @functools.wraps(answer)
        async def view(request: HttpRequest, **where: str) -> HttpResponseBase:
            try:
                if request.method != method:
                    raise _wrong_method(request, method)
                key = await authenticate(request)
                return await answer(request, key, **where)
            except ApiError as refusal:
                return error_response(refusal, word)
            except RedisError:
                logger.exception("the public API has no Valkey")
                return error_response(ApiError(503, "unavailable", internal_error().message), word)
            except Exception:
                # Whatever broke, a program reads JSON in its own wire's form, never a page of ours.
                logger.exception("a call of the public API failed")
                # Whoever watches for faults (tests, error reporters) hears of it as of any other view's.
                # As Django does it, since receivers look up the exception that is being handled.
                await run_in_db_thread(got_request_exception.send, sender=view, request=request)
                return error_response(internal_error(), word)

        return view

    return decorate


def _wrong_method(request: HttpRequest, method: str) -> ApiError:
    message = _("%(asked)s 말고 %(method)s 방식으로 요청해 주세요.")
    named = {"asked": request.method, "method": method}
    return ApiError(405, "method_not_allowed", message % named, headers={"Allow": method})


def error_response(refusal: ApiError, word: ErrorFormatter) -> HttpResponse:
    """Return a refusal as JSON in the form of a wire."""
    return json_response(word(refusal), status=refusal.status, headers=refusal.headers)


def json_response(
    document: object, *, status: int = 200, headers: dict[str, str] | None = None
) -> HttpResponse:
    """Return a document as JSON that no cache keeps."""
    sent = HttpResponse(orjson.dumps(document), status=status, content_type="application/json")
    sent["Cache-Control"] = "no-store"
    for name, value in (headers or {}).items():
        sent[name] = value
    return sent


def read_body(request: HttpRequest) -> Body:
    """Return the JSON object that a call carries; raises ApiRefusal."""
    try:
        raw = request.body
    except RequestDataTooBig:
        raw = b" " * (MAX_BODY_BYTES + 1)
    if len(raw) > MAX_BODY_BYTES:
        raise ApiError(413, "request_too_large", _("보낸 내용이 너무 커요. 2MB보다 작게 보내 주세요."))
    try:
        body = orjson.loads(raw)
    except ValueError:
        raise ApiError(400, "invalid_json", _("JSON을 읽을 수 없어요.")) from None
    if not isinstance(body, dict):
        raise ApiError(400, "invalid_json", _("JSON 객체를 보내 주세요."))
    return body
