"""Deletes guests who came once and have no conversation."""

import datetime as dt

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.models import User
from aggregator.models import Conversation

RETENTION_DAYS = 30
BATCH_SIZE = 500


def delete_idle_guests() -> int:
    """Delete old guests who have no conversation and return how many.

    A guest who comes back with the old cookie is created again.
    """
    deleted = 0
    while batch := _delete_batch():
        deleted += batch
    return deleted


@transaction.atomic
def _delete_batch() -> int:
    locked = list(
        _idle_guests().select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH_SIZE]
    )
    # Filtered again, because a guest may have opened a conversation before the lock was taken.
    _, deleted = _idle_guests().filter(pk__in=locked).delete()
    return deleted.get(User._meta.label, 0)


def _idle_guests() -> "QuerySet[User]":
    since = timezone.now() - dt.timedelta(days=RETENTION_DAYS)
    own_conversations = Conversation.objects.filter(owner_id=OuterRef("pk"))
    return User.objects.filter(~Exists(own_conversations), is_guest=True, date_joined__lt=since)
