"""The decorator of the public API's views: method, API key and its rate limit, errors as JSON."""

import asyncio
import datetime as dt
import functools
import logging
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.signals import got_request_exception
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from redis.exceptions import RedisError

from aggregator.api.error_formats import ErrorFormatter
from aggregator.api.errors import ApiError, internal_error
from aggregator.execution import runner
from aggregator.infra.concurrency import run_in_db_thread
from aggregator.models import ApiKey
from aggregator.selectors.api_keys import find_api_key
from aggregator.services import api_keys

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 2_000_000
Body = dict[str, Any]
View = Callable[..., Coroutine[Any, Any, HttpResponseBase]]
LAST_USED_RESOLUTION_SECONDS = 60
WINDOW_SECONDS = 60
MAX_KEY_CHARS = 200


def api_endpoint(
    method: str, choose_format: Callable[[HttpRequest], ErrorFormatter]
) -> Callable[[View], View]:
    """Make a view that checks the method and the API key, and sends errors in the request's form.

    A view of GET answers HEAD too; the server leaves the body out.
    """
    methods = ("GET", "HEAD") if method == "GET" else (method,)

    def decorate(handle: View) -> View:
        @csrf_exempt
        @functools.wraps(handle)
        async def view(request: HttpRequest, **path: str) -> HttpResponseBase:
            format_error = choose_format(request)
            try:
                if request.method not in methods:
                    raise _wrong_method(request, methods)
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


def _wrong_method(request: HttpRequest, methods: tuple[str, ...]) -> ApiError:
    message = _("%(asked)s 말고 %(method)s 방식으로 요청해 주세요.")
    named = {"asked": request.method, "method": methods[0]}
    return ApiError(405, "method_not_allowed", message % named, headers={"Allow": ", ".join(methods)})


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


async def authenticate(request: HttpRequest) -> ApiKey:
    """Return the API key of a request and count it against the rate limit; raises ApiError."""
    key = await run_in_db_thread(_find_key, read_key(request))
    if key is None:
        raise ApiError(
            401,
            "invalid_api_key",
            _("API 키가 맞지 않아요. ‘내 API 키’에서 만들어 주세요."),
            headers={"WWW-Authenticate": "Bearer"},
        )
    await _check_rate_limit(key)
    return key


def read_key(request: HttpRequest) -> str:
    """Return the key of the Authorization header (OpenAI) or X-Api-Key (Anthropic); '' without one."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return request.headers.get("X-Api-Key", "").strip()


def _find_key(text: str) -> ApiKey | None:
    # The time to look up a digest does not depend on how many characters of a key were guessed.
    if not text or len(text) > MAX_KEY_CHARS:
        return None
    key = find_api_key(api_keys.digest_of(text))
    if key is None:
        return None
    stale = timezone.now() - dt.timedelta(seconds=LAST_USED_RESOLUTION_SECONDS)
    if key.last_used_at is None or key.last_used_at < stale:
        api_keys.record_key_use(key=key)
    return key


async def _check_rate_limit(key: ApiKey) -> None:
    now = time.time()
    window = int(now // WINDOW_SECONDS)
    name = f"api:calls:{key.pk}:{window}"
    client = runner.get_main_log().client
    calls, _expires = await asyncio.gather(client.incr(name), client.expire(name, 2 * WINDOW_SECONDS))
    if calls > settings.API_CALLS_PER_MINUTE:
        wait = max(1, round((window + 1) * WINDOW_SECONDS - now))
        message = _("요청이 너무 잦아요. %(wait)d초 뒤에 다시 시도해 주세요.") % {"wait": wait}
        raise ApiError(429, "rate_limit_exceeded", message, headers={"Retry-After": str(wait)})
