"""How many turns a person has opened today, counted in a row of its own that no deletion sets back."""

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from aggregator.models import DayCount, Turn

TABLE = DayCount._meta.db_table
COUNT_TURN = f"""
INSERT INTO {TABLE} AS day (person_id, day, opened) SELECT %(owner)s, %(today)s, 1 WHERE %(a_day)s > 0
ON CONFLICT (person_id, day) DO UPDATE SET opened = day.opened + 1 WHERE day.opened < %(a_day)s"""
MERGE_COUNTS = f"""
INSERT INTO {TABLE} AS day (person_id, day, opened)
SELECT %(account)s, day, opened FROM {TABLE} WHERE person_id = %(guest)s
ON CONFLICT (person_id, day) DO UPDATE SET opened = day.opened + excluded.opened"""  # noqa: S608


def count_reopened_turn(*, owner: int, turns_a_day: int) -> bool:
    """Count a turn that is put back to work like one that is opened; False when the day is used up."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT_TURN, {"owner": owner, "today": timezone.localdate(), "a_day": turns_a_day})
        return bool(cursor.rowcount)


def find_load_refusal(owner: int) -> str:
    """Return the code of why no further turn may run now, or ''; whoever counts first waits for no other."""
    running = Turn.objects.filter(status=Turn.Status.RUNNING)
    if running.filter(conversation__owner_id=owner).count() >= settings.TURNS_OPEN_EACH:
        return "too_many_running"
    return "overloaded" if running.count() >= settings.TURNS_OPEN else ""


@transaction.atomic
def merge_counts(*, guest: int, account: int) -> None:
    """Count for the account what its guest has opened."""
    with connection.cursor() as cursor:
        cursor.execute(MERGE_COUNTS, {"guest": guest, "account": account})


def delete_old_counts() -> int:
    """Remove what was counted on days that are over; returns how many rows went."""
    return DayCount.objects.filter(day__lt=timezone.localdate()).delete()[0]
