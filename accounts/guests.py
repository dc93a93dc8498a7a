"""The guest cookie, a signed random key, and the limit of new guests per client network and hour.

A row is created only when a guest first needs one; each new guest gets a daily quota of turns.
"""

import ipaddress
import logging
import time
import uuid
from collections.abc import Iterable, Mapping
from typing import cast

from django.conf import settings
from django.core.cache import cache
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponseBase, parse_cookie
from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError

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
    is_html = str(response.get("Content-Type", "")).startswith("text/html")
    is_page = request.method == "GET" and response.status_code == 200 and is_html
    if guest_request.guest_cookie_needs_set or (is_page and not guest_request.guest_is_known):
        response.set_cookie(
            GUEST_COOKIE,
            sign_guest_key(guest_request.guest_key),
            max_age=settings.GUEST_COOKIE_AGE,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


logger = logging.getLogger(__name__)

SALT = "accounts.newcomers"
HOUR_SECONDS = 3_600


def exceeds_guest_limit(scope: Mapping[str, object]) -> bool:
    """Count a new guest of a network and return whether the network is over its limit for this hour."""
    network = network_prefix(client_address(scope))
    if not network or not settings.NEW_GUESTS_PER_HOUR:
        return False
    # The key holds a keyed hash of the network, not the address.
    digest = salted_hmac(SALT, network).hexdigest()[:16]
    key = f"guests:{digest}:{int(time.time() // HOUR_SECONDS)}"
    try:
        cache.add(key, 0, 2 * HOUR_SECONDS)
        return cache.incr(key) > int(settings.NEW_GUESTS_PER_HOUR)
    except (RedisError, ValueError) as error:
        # Without Valkey the limit is off: availability matters more.
        logger.warning("new guests are not counted (%s)", type(error).__name__)
        return False


def network_prefix(address: str) -> str:
    """Return the part of an address that one household or office shares: an IPv4 address or an IPv6 /64.

    Empty for a private address, which all visitors behind an untrusted proxy share.
    """
    try:
        host = ipaddress.ip_address(address)
    except ValueError:
        return ""
    mapped = host.ipv4_mapped if isinstance(host, ipaddress.IPv6Address) else None
    host = mapped or host
    if not host.is_global:
        return ""
    return str(host) if host.version == 4 else str(ipaddress.ip_network((host, 64), strict=False))


def client_address(scope: Mapping[str, object]) -> str:
    """Return the client address of an ASGI scope; config.client_address has resolved the proxies."""
    client = cast("tuple[str, int] | None", scope.get("client"))
    return client[0] if client else ""
