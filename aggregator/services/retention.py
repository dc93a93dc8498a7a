"""Removes guests who came once and left nothing."""

import datetime as dt

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.models import User
from aggregator.models import Conversation

RETENTION_DAYS = 30
BATCH_SIZE = 500


def delete_idle_guests() -> int:
    """Remove the guests of long ago who have no conversation; returns how many.

    Whoever of them comes back with the old cookie is made anew.
    """
    cleared = 0
    while batch := _delete_batch():
        cleared += batch
    return cleared


@transaction.atomic
def _delete_batch() -> int:
    locked = list(
        _idle_guests().select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH_SIZE]
    )
    # Looked at once more: until the lock held, one of them may have come back and asked something.
    _, removed = _idle_guests().filter(pk__in=locked).delete()
    return removed.get(User._meta.label, 0)


def _idle_guests() -> "QuerySet[User]":
    since = timezone.now() - dt.timedelta(days=RETENTION_DAYS)
    talks = Conversation.objects.filter(owner_id=OuterRef("pk"))
    return User.objects.filter(~Exists(talks), is_guest=True, date_joined__lt=since)
