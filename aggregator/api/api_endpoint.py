"""The decorator of the public API's views: method, key, errors as JSON."""

import functools
import logging
from collections.abc import Callable, Coroutine, Mapping
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


def api_endpoint(method: str, format_error: ErrorFormatter) -> Callable[[View], View]:
    """Make a view that checks the method and the API key, and sends errors as `format_error` returns them."""

    def decorate(handle: View) -> View:
        @csrf_exempt
        @functools.wraps(handle)
        async def view(request: HttpRequest, **path: str) -> HttpResponseBase:
            try:
                if request.method != method:
                    raise _wrong_method(request, method)
                key = await authenticate(request)
                return await handle(request, key, **path)
            except ApiError as error:
                return error_response(error, format_error)
            except RedisError:
                logger.exception("the public API has no Valkey")
                unavailable = ApiError(503, "unavailable", internal_error().message)
                return error_response(unavailable, format_error)
            except Exception:
                # A program gets JSON in the form of its API, never an HTML page.
                logger.exception("a call of the public API failed")
                # As Django does for other views: tests and error reporters look up the handled exception.
                await run_in_db_thread(got_request_exception.send, sender=view, request=request)
                return error_response(internal_error(), format_error)

        return view

    return decorate


def _wrong_method(request: HttpRequest, method: str) -> ApiError:
    message = _("%(asked)s 말고 %(method)s 방식으로 요청해 주세요.")
    named = {"asked": request.method, "method": method}
    return ApiError(405, "method_not_allowed", message % named, headers={"Allow": method})


def error_response(error: ApiError, format_error: ErrorFormatter) -> HttpResponse:
    """Return an error as JSON."""
    return json_response(format_error(error), status=error.status, headers=error.headers)


def json_response(
    document: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """Return a document as JSON that must not be cached."""
    response = HttpResponse(orjson.dumps(document), status=status, content_type="application/json")
    response["Cache-Control"] = "no-store"
    for name, value in (headers or {}).items():
        response[name] = value
    return response


def read_body(request: HttpRequest) -> Body:
    """Return the JSON object of a request's body; raises ApiError."""
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
