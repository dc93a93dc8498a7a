"""The guest cookie: a signed random key; a row is created only when a guest first needs one."""

import uuid
from collections.abc import Iterable, Mapping
from typing import cast

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponseBase, parse_cookie

GUEST_COOKIE = "guest"
GUEST_SALT = "accounts.guest"


class GuestRequest(HttpRequest):
    """A request that went through GuestMiddleware."""

    guest_key: uuid.UUID
    guest_is_known: bool
    guest_cookie_needs_set: bool


def as_guest_request(request: HttpRequest) -> GuestRequest:
    """Return the same request, typed with the attributes that GuestMiddleware sets."""
    return cast(GuestRequest, request)


def sign_guest_key(guest_key: uuid.UUID) -> str:
    """Return the cookie value of a key."""
    return Signer(salt=GUEST_SALT).sign(guest_key.hex)


def read_guest_key(cookies: Mapping[str, str]) -> uuid.UUID | None:
    """Return the key of the guest cookie; None when it is missing or its signature is invalid."""
    try:
        return uuid.UUID(hex=Signer(salt=GUEST_SALT).unsign(cookies.get(GUEST_COOKIE, "")))
    except (BadSignature, ValueError):
        return None


def read_scope_cookies(scope: Mapping[str, object]) -> dict[str, str]:
    """Return the cookies of an ASGI scope, from one or several headers."""
    headers = cast(Iterable[tuple[bytes, bytes]], scope.get("headers", ()))
    lines = [value.decode("latin-1") for name, value in headers if name.lower() == b"cookie"]
    return parse_cookie("; ".join(lines))


def attach_guest_key(request: HttpRequest) -> None:
    """Set the guest key of a request: the cookie's, or a new random one."""
    guest_request = as_guest_request(request)
    guest_key = read_guest_key(request.COOKIES)
    guest_request.guest_is_known = guest_key is not None
    guest_request.guest_key = guest_key or uuid.uuid4()
    guest_request.guest_cookie_needs_set = False


def rotate_guest_key(request: HttpRequest) -> None:
    """Replace the guest key; the response sets the cookie."""
    guest_request = as_guest_request(request)
    guest_request.guest_key = uuid.uuid4()
    guest_request.guest_is_known = False
    guest_request.guest_cookie_needs_set = True


def set_guest_cookie(request: HttpRequest, response: HttpResponseBase) -> None:
    """Set the cookie on a new visitor's page view, and on any response after the key was replaced."""
    guest_request = as_guest_request(request)
    is_page = request.method == "GET" and response.status_code == 200 and _is_html(response)
    if guest_request.guest_cookie_needs_set or (is_page and not guest_request.guest_is_known):
        response.set_cookie(
            GUEST_COOKIE,
            sign_guest_key(guest_request.guest_key),
            max_age=settings.GUEST_COOKIE_AGE,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def _is_html(response: HttpResponseBase) -> bool:
    return str(response.get("Content-Type", "")).startswith("text/html")
