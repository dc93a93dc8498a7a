"""When a day of the house begins."""

import datetime as dt

from django.utils import timezone


def start_of_day(moment: dt.datetime | None = None) -> dt.datetime:
    """Return the beginning, in the house's time zone, of the day that a moment (or now) is in."""
    return timezone.localtime(moment).replace(hour=0, minute=0, second=0, microsecond=0)
