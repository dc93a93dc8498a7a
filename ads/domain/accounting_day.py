"""The accounting day: budgets, leases and reports count days in Korean time."""

import datetime
import zoneinfo

KOREA = zoneinfo.ZoneInfo("Asia/Seoul")


def korean_day(at: datetime.datetime) -> datetime.date:
    """Return the accounting day of a moment."""
    return at.astimezone(KOREA).date()


def day_start(day: datetime.date) -> datetime.datetime:
    """Return the first moment of an accounting day."""
    return datetime.datetime.combine(day, datetime.time(), KOREA)
