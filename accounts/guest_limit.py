"""How many new guests an address brings in an hour: each gets a row, and with it the turns of a day."""

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
    """Count a new guest against the network it comes from; True when that has brought too many this hour."""
    network = network_prefix(client_address(scope))
    if not network or not settings.NEW_GUESTS_PER_HOUR:
        return False
    # Which networks people come from is nobody's business: it is kept as a number that leads back to none.
    name = salted_hmac(SALT, network).hexdigest()[:16]
    key = f"guests:{name}:{int(time.time() // HOUR_SECONDS)}"
    try:
        cache.add(key, 0, 2 * HOUR_SECONDS)
        return cache.incr(key) > int(settings.NEW_GUESTS_PER_HOUR)
    except (RedisError, ValueError) as failure:
        # Rather a guest too many than nobody at all.
        logger.warning("new guests are not counted (%s)", type(failure).__name__)
        return False


def network_prefix(address: str) -> str:
    """Return what one household or office has of an address: all of IPv4's, the first half of IPv6's.

    Empty for an address that only this network knows: all behind a proxy that is not named have the same.
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
    """Return the address of a visitor, as the proxies that are trusted report it."""
    headers = cast(Iterable[tuple[bytes, bytes]], scope.get("headers", ()))
    forwarded = ",".join(
        value.decode("latin-1") for name, value in headers if name.lower() == b"x-forwarded-for"
    )
    client = cast("tuple[str, int] | None", scope.get("client"))
    peer = client[0] if client else ""
    hops = [hop.strip() for hop in forwarded.split(",") if hop.strip()]
    trusted = settings.TRUSTED_PROXY_COUNT
    return hops[-trusted] if trusted and len(hops) >= trusted else peer
