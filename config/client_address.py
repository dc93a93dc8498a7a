"""The client's address, decided once for everything behind it: Django, channels, allauth and the market."""

import ipaddress
from collections.abc import Iterable
from typing import Any, cast

from django.conf import settings

HEADER = b"x-forwarded-for"


class ClientAddressMiddleware:
    """Sets the client of an ASGI scope to the address that our proxies report, if there are any.

    Without proxies (TRUSTED_PROXY_COUNT=0) the header is a visitor's own claim and is not read. The server
    must not read it either, so it is started with `--no-proxy-headers`.
    """

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        address = find_forwarded_address(scope, proxies=settings.TRUSTED_PROXY_COUNT)
        if address:
            scope = {**scope, "client": (address, 0)}
        await self.application(scope, receive, send)


def find_forwarded_address(scope: dict[str, Any], *, proxies: int) -> str:
    """Return the address that the outermost of our proxies saw; empty when none of them reports one."""
    if not proxies:
        return ""
    headers = cast(Iterable[tuple[bytes, bytes]], scope.get("headers", ()))
    lines = [value.decode("latin-1") for name, value in headers if name.lower() == HEADER]
    hops = [hop.strip() for hop in ",".join(lines).split(",") if hop.strip()]
    if not hops:
        return ""
    # Each proxy appends the address of its peer. With fewer hops than proxies all hops are theirs.
    return _read_address(hops[max(len(hops) - proxies, 0)])


def _read_address(hop: str) -> str:
    host = hop
    if hop.startswith("["):
        host = hop[1:].partition("]")[0]
    elif hop.count(":") == 1:
        # Some proxies append the port.
        host = hop.partition(":")[0]
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return ""
