"""The forms that the two APIs send an error in."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from aggregator.api.errors import ApiError

ErrorFormatter = Callable[[ApiError], dict[str, Any]]
OPENAI_TYPES = {401: "authentication_error", 429: "rate_limit_error"}
ANTHROPIC_TYPES = {
    401: "authentication_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}


def format_openai_error(error: ApiError) -> dict[str, Any]:
    """Return an error in OpenAI's form."""
    kind = "server_error" if error.status >= 500 else "invalid_request_error"
    return {
        "error": {
            "message": error.message,
            "type": OPENAI_TYPES.get(error.status, kind),
            "param": error.param,
            "code": error.code,
        }
    }


def format_anthropic_error(error: ApiError) -> dict[str, Any]:
    """Return an error in Anthropic's form."""
    kind = "api_error" if error.status >= 500 else "invalid_request_error"
    field = "" if error.param is None else f"{error.param}: "
    details = {"type": ANTHROPIC_TYPES.get(error.status, kind), "message": f"{field}{error.message}"}
    return {"type": "error", "error": details}


def is_anthropic_request(request: HttpRequest) -> bool:
    """Return whether a request to an address of both APIs is one of Anthropic's, which name a version."""
    return "anthropic-version" in request.headers


def choose_error_format(request: HttpRequest) -> ErrorFormatter:
    """Return the form of an error at an address of both APIs."""
    return format_anthropic_error if is_anthropic_request(request) else format_openai_error
