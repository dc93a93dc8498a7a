"""The errors of the public API and what they are sent as; each API formats them in its own way.

Turns are refused or fail with the codes of `domain.messages`, which TURN_ERRORS maps.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from django.utils.translation import gettext as _

from aggregator.domain.messages import REFUSALS


class _Reply(NamedTuple):
    """What a turn's code is sent as."""

    status: int
    code: str
    headers: Mapping[str, str] = MappingProxyType({})


# The SDKs retry after 429 and 503 by themselves; a spent daily budget is not back within seconds.
NO_RETRY = MappingProxyType({"X-Should-Retry": "false"})
TURN_ERRORS = {
    "prompt_too_long": _Reply(400, "context_length_exceeded"),
    "prompt_too_long_for_choice": _Reply(400, "context_length_exceeded"),
    "prompt_too_slow": _Reply(400, "context_length_exceeded"),
    "quota_reached": _Reply(429, "insufficient_quota", NO_RETRY),
    "too_many_running": _Reply(429, "too_many_running", {"Retry-After": "5"}),
    "overloaded": _Reply(503, "overloaded", {"Retry-After": "10"}),
    "no_models": _Reply(503, "no_models"),
    "model_not_offered": _Reply(404, "model_not_found"),
    "model_too_dear": _Reply(429, "model_too_dear", NO_RETRY),
    "busy": _Reply(503, "busy", {"Retry-After": "10"}),
    "timed_out": _Reply(504, "timed_out"),
}


class ApiError(Exception):
    """A call that fails: HTTP status, stable code, message, the field at fault, and extra headers."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.param = status, code, message, param
        self.headers = headers or {}


def invalid_field(param: str, message: str, code: str = "invalid_value") -> ApiError:
    """Return the error for one field of the body."""
    return ApiError(400, code, message, param=param)


def unknown_field(param: str) -> ApiError:
    """Return the error for a field that the API does not know."""
    shown = param[:80]
    message = _("‘%(name)s’은(는) 여기에 없는 항목이에요. 빼고 보내 주세요.") % {"name": shown}
    return invalid_field(shown, message, "unknown_parameter")


def model_not_found_error(slug: str, param: str = "model") -> ApiError:
    """Return the error for a model that is not offered."""
    message = _("‘%(slug)s’ 모델이 없거나 지금 쓸 수 없어요. 목록(/v1/models)을 봐 주세요.")
    return ApiError(404, "model_not_found", message % {"slug": slug[:80]}, param=param)


def turn_refused(code: str) -> ApiError:
    """Return the error for a turn that was not stored; 400 unless TURN_ERRORS says otherwise."""
    return _turn_error(code, status=400, message="malformed")


def turn_failed(code: str) -> ApiError:
    """Return the error for a turn, or its only model, that failed; 502 unless TURN_ERRORS says otherwise."""
    return _turn_error(code, status=502, message="all_failed")


def _turn_error(code: str, *, status: int, message: str) -> ApiError:
    reply = TURN_ERRORS.get(code, _Reply(status, code))
    return ApiError(
        reply.status, reply.code, str(REFUSALS.get(code, REFUSALS[message])), headers=reply.headers
    )


def answer_interrupted() -> ApiError:
    """Return the error for an answer that ends before it is complete."""
    return ApiError(502, "answer_broke_off", _("답이 중간에 끊겼어요. 다시 시도해 주세요."))


def internal_error() -> ApiError:
    """Return the error for a failure of the server."""
    return ApiError(500, "server_failed", str(REFUSALS["server_failed"]))
