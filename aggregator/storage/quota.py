"""Counts the turns that a person opens a day, in a row that no deletion resets, and the turns that run."""

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from aggregator.models import DayCount, Turn

TABLE = DayCount._meta.db_table
# Counts one more turn of today, unless the day is used up; `source` says for which rows.
COUNT_TURN = """
INSERT INTO {days} AS day (person_id, day, opened) SELECT %(owner)s, %(today)s, 1 {source}
ON CONFLICT (person_id, day) DO UPDATE SET opened = day.opened + 1 WHERE day.opened < %(a_day)s"""
COUNT_REOPENED_TURN = COUNT_TURN.format(days=TABLE, source="WHERE %(a_day)s > 0")
MERGE_COUNTS = f"""
INSERT INTO {TABLE} AS day (person_id, day, opened)
SELECT %(account)s, day, opened FROM {TABLE} WHERE person_id = %(guest)s
ON CONFLICT (person_id, day) DO UPDATE SET opened = day.opened + excluded.opened"""  # noqa: S608


def count_reopened_turn(*, owner: int, turns_a_day: int) -> bool:
    """Count a reopened turn like a new one; returns False if the day is used up."""
    with connection.cursor() as cursor:
        cursor.execute(
            COUNT_REOPENED_TURN, {"owner": owner, "today": timezone.localdate(), "a_day": turns_a_day}
        )
        return bool(cursor.rowcount)


def find_load_refusal(owner: int) -> str:
    """Return the code of why no further turn of a person may run now, or ''; the turns are not locked."""
    running = Turn.objects.filter(status=Turn.Status.RUNNING)
    return choose_load_refusal(running.filter(conversation__owner_id=owner).count(), running.count())


def choose_load_refusal(running: int, all_running: int) -> str:
    """Return the code of why so many running turns, of a person and of all, allow no further one, or ''."""
    if running >= settings.TURNS_OPEN_EACH:
        return "too_many_running"
    return "overloaded" if all_running >= settings.TURNS_OPEN else ""


@transaction.atomic
def merge_counts(*, guest: int, account: int) -> None:
    """Add a guest's counts to those of an account."""
    with connection.cursor() as cursor:
        cursor.execute(MERGE_COUNTS, {"guest": guest, "account": account})


def delete_old_counts() -> int:
    """Delete the counts of days that are over and return how many."""
    return DayCount.objects.filter(day__lt=timezone.localdate()).delete()[0]
