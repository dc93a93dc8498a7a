"""Event requests of Ada's browser."""

from dataclasses import replace

from django.utils import timezone

from ads.events.event_requests import EventRequest
from ads.events.receive import ClickOutcome, receive_click
from testing.ads.inventory import CHROME

ADA = EventRequest(method="GET", agent=CHROME, address="203.0.113.7", purpose="", at=timezone.now())


def make_event_request(**changes: str) -> EventRequest:
    """Return Ada's request, now, with these changes."""
    return replace(ADA, at=timezone.now(), **changes)


def click_on(token: str, **changes: str) -> ClickOutcome:
    """Click on the ad of this token as Ada."""
    outcome = receive_click(token, make_event_request(**changes))
    assert outcome is not None
    return outcome
