"""Visits of a person's browser, and of others."""

from dataclasses import replace

from django.utils import timezone

from ads.events.event_requests import EventRequest
from ads.events.receive import ClickOutcome, receive_click
from testing.ads.inventory import CHROME

ADA = EventRequest(method="GET", agent=CHROME, address="203.0.113.7", purpose="", at=timezone.now())


def visit(**changes: str) -> EventRequest:
    """Ada's visit, now, with these changes."""
    return replace(ADA, at=timezone.now(), **changes)


def click_on(token: str, **changes: str) -> ClickOutcome:
    """Ada clicks on the ad that this token belongs to."""
    arrival = receive_click(token, visit(**changes))
    assert arrival is not None
    return arrival
