"""The kind of device that a page is shown on, which is all that is stored of its user agent."""

from collections.abc import Iterable

from aggregator.models import Turn

# Only browsers of telephones have this in their user agent.
MOBILE_MARK = "mobi"


def device_from_headers(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the kind of device that a browser's headers show, or '' without a user agent."""
    agent = next((value for name, value in headers if name == b"user-agent"), b"").decode("latin-1")
    if not agent.strip():
        return ""
    return Turn.Device.MOBILE if MOBILE_MARK in agent.lower() else Turn.Device.DESKTOP
