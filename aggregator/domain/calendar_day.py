"""The calendar day in the site's time zone."""

import datetime as dt

from django.utils import timezone


def start_of_day(moment: dt.datetime | None = None) -> dt.datetime:
    """Return the midnight, in the site's time zone, before a moment or now."""
    return timezone.localtime(moment).replace(hour=0, minute=0, second=0, microsecond=0)
