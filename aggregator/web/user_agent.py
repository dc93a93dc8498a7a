"""Which kind of device a page stands on: all that is kept of what its browser says of itself."""

from collections.abc import Iterable

from aggregator.models import Turn

# Browsers of telephones, and of nothing else that asks here, have this in their names.
MOBILE_MARK = "mobi"


def device_from_headers(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the kind of device whose browser sends these headers, nothing when it does not say."""
    agent = next((value for name, value in headers if name == b"user-agent"), b"").decode("latin-1")
    if not agent.strip():
        return ""
    return Turn.Device.MOBILE if MOBILE_MARK in agent.lower() else Turn.Device.DESKTOP
