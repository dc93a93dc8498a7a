"""How a guest is known without an account: a signed cookie with a random key, and no row until needed."""

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
    """Return the same request, seen with what the middleware put on it."""
    return cast(GuestRequest, request)


def sign_guest_key(guest_key: uuid.UUID) -> str:
    """Return the cookie's text for a key."""
    return Signer(salt=GUEST_SALT).sign(guest_key.hex)


def read_guest_key(cookies: Mapping[str, str]) -> uuid.UUID | None:
    """Return the key that our own signature vouches for; None when there is no cookie or it was forged."""
    try:
        return uuid.UUID(hex=Signer(salt=GUEST_SALT).unsign(cookies.get(GUEST_COOKIE, "")))
    except (BadSignature, ValueError):
        return None


def read_scope_cookies(scope: Mapping[str, object]) -> dict[str, str]:
    """Return the cookies of an ASGI scope, whether the client sent them in one header or in several."""
    headers = cast(Iterable[tuple[bytes, bytes]], scope.get("headers", ()))
    lines = [value.decode("latin-1") for name, value in headers if name.lower() == b"cookie"]
    return parse_cookie("; ".join(lines))


def attach_guest_key(request: HttpRequest) -> None:
    """Put the visitor's guest key on the request: the cookie's, or a fresh one that nobody has seen."""
    guest_request = as_guest_request(request)
    guest_key = read_guest_key(request.COOKIES)
    guest_request.guest_is_known = guest_key is not None
    guest_request.guest_key = guest_key or uuid.uuid4()
    guest_request.guest_cookie_needs_set = False


def rotate_guest_key(request: HttpRequest) -> None:
    """Give the visitor a fresh guest key with this answer, so that the old one opens nothing any more."""
    guest_request = as_guest_request(request)
    guest_request.guest_key = uuid.uuid4()
    guest_request.guest_is_known = False
    guest_request.guest_cookie_needs_set = True


def set_guest_cookie(request: HttpRequest, answer: HttpResponseBase) -> None:
    """Set the cookie on a page that a new visitor looks at, and on any answer after the key was renewed."""
    guest_request = as_guest_request(request)
    is_page = request.method == "GET" and answer.status_code == 200 and _is_html(answer)
    if guest_request.guest_cookie_needs_set or (is_page and not guest_request.guest_is_known):
        answer.set_cookie(
            GUEST_COOKIE,
            sign_guest_key(guest_request.guest_key),
            max_age=settings.GUEST_COOKIE_AGE,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def _is_html(answer: HttpResponseBase) -> bool:
    return str(answer.get("Content-Type", "")).startswith("text/html")
