"""How late a task of the schedule may be; while no worker runs, what is sent goes on waiting before turns."""

from celery.schedules import crontab

# No less, though some come every five seconds: a busy worker may be late by more than that all day and would
# do none of them, and the clocks of two machines differ.
MIN_EXPIRY_SECONDS = 60
CRON_EXPIRY_SECONDS = 3_600


def expiry_seconds(schedule: int | crontab) -> int:
    """Return after how many seconds a worker leaves a task undone, since another one comes."""
    return max(schedule, MIN_EXPIRY_SECONDS) if isinstance(schedule, int) else CRON_EXPIRY_SECONDS
