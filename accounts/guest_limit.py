"""The limit of new guests per client network and hour; each new guest gets a daily quota of turns."""

import ipaddress
import logging
import time
from collections.abc import Iterable, Mapping
from typing import cast

from django.conf import settings
from django.core.cache import cache
from django.utils.crypto import salted_hmac
from redis.exceptions import RedisError

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
    """Return the client address of an ASGI scope, as reported by the trusted proxies."""
    headers = cast(Iterable[tuple[bytes, bytes]], scope.get("headers", ()))
    forwarded = ",".join(
        value.decode("latin-1") for name, value in headers if name.lower() == b"x-forwarded-for"
    )
    client = cast("tuple[str, int] | None", scope.get("client"))
    peer = client[0] if client else ""
    hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
    trusted = settings.TRUSTED_PROXY_COUNT
    return hops[-trusted] if trusted and len(hops) >= trusted else peer
