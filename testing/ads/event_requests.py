"""Event requests of Ada's browser, and variations of it."""

from dataclasses import replace

from django.utils import timezone

from ads.events.event_requests import EventRequest
from ads.events.receive import ClickOutcome, receive_click
from testing.ads.inventory import CHROME

ADA = EventRequest(method="GET", agent=CHROME, address="203.0.113.7", purpose="", at=timezone.now())


def make_event_request(**changes: str) -> EventRequest:
    """Ada's event request, now, with these changes."""
    return replace(ADA, at=timezone.now(), **changes)


def click_on(token: str, **changes: str) -> ClickOutcome:
    """Ada clicks the ad of this token."""
    outcome = receive_click(token, make_event_request(**changes))
    assert outcome is not None
    return outcome
