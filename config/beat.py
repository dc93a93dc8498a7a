"""How late a task of the schedule may be; while no worker runs, what is sent goes on waiting before turns."""

from celery.schedules import crontab

# No less, though some come every five seconds: a busy worker may be late by more than that all day and would
# do none of them, and the clocks of two machines differ.
LEAST_SECONDS = 60
CRON_SECONDS = 3_600


def lateness(schedule: int | crontab) -> int:
    """Return after how many seconds a worker leaves a task undone, since another one comes."""
    return max(schedule, LEAST_SECONDS) if isinstance(schedule, int) else CRON_SECONDS
