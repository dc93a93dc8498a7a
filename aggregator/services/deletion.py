"""Deletes conversations, on request and after their retention time, and guests who have none.

Running turns stop, and the usage rows of their calls stay. Deleting does not wait for a running turn: the
process that runs it is woken, finds no row, stops, stores its calls and deletes what it has written to the
log since.
"""

import contextlib
import datetime as dt
import logging
import time
from collections.abc import Iterable, Sequence
from functools import partial

import redis
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from redis.exceptions import RedisError

from accounts.models import User
from aggregator.models import Conversation, Turn
from aggregator.selectors import conversations as selectors
from aggregator.streaming.turn_feed import WAKEUPS, WAKEUPS_MAXLEN, stream_key

logger = logging.getLogger(__name__)

VALKEY_TIMEOUT_SECONDS = 2
# Conversations in one transaction, and in one night.
BATCH_SIZE, MAX_PER_NIGHT = 200, 50_000
# How long a request may take.
REQUEST_BUDGET_SECONDS = 8
RETENTION_DAYS = 30
GUEST_BATCH_SIZE = 500


def delete_conversation(*, conversation: Conversation) -> None:
    """Delete a conversation with its turns; the usage rows of its calls stay."""
    _delete_batch([conversation.pk])


def delete_conversations(*, account: AbstractBaseUser) -> None:
    """Delete all conversations of an account that is closed."""
    _delete_batch(list(Conversation.objects.filter(owner_id=account.pk).values_list("pk", flat=True)))


def delete_api_conversations(*, owner: AbstractBaseUser) -> int:
    """Delete a person's API conversations within the time of a request; returns how many are left."""
    conversations = selectors.list_api_conversations(owner)
    ends = time.monotonic() + REQUEST_BUDGET_SECONDS
    while time.monotonic() < ends:
        batch = list(conversations.values_list("pk", flat=True)[:BATCH_SIZE])
        if not batch:
            break
        _delete_batch(batch)
    return conversations.count()


def expire_api_conversations(*, before: dt.datetime) -> int:
    """Delete API conversations last used before a moment, at most so many a night; returns how many."""
    expired = Conversation.objects.filter(origin=Conversation.Origin.API, updated_at__lt=before)
    # Read once, because no index finds them among the many that people opened on pages.
    old = list(expired.values_list("pk", flat=True)[:MAX_PER_NIGHT])
    for start in range(0, len(old), BATCH_SIZE):
        _delete_batch(old[start : start + BATCH_SIZE])
    return len(old)


@transaction.atomic
def _delete_batch(conversations: Sequence[int]) -> None:
    # A checkpoint locks a turn and then its conversation, an insertion the conversation. All are locked in
    # that order, so that nothing is added to a conversation that is being deleted.
    turns = _lock_turns(conversations)
    list(
        Conversation.objects.select_for_update().filter(pk__in=conversations).order_by("pk").values_list("pk")
    )
    turns |= _lock_turns(conversations)
    Conversation.objects.filter(pk__in=conversations).delete()
    running = [turn for turn, status in turns.items() if status == Turn.Status.RUNNING]
    transaction.on_commit(partial(_delete_logs, tuple(turns), running))


def _lock_turns(conversations: Sequence[int]) -> dict[str, str]:
    rows = Turn.objects.select_for_update().filter(conversation_id__in=conversations).order_by("pk")
    return {str(turn): status for turn, status in rows.values_list("public_id", "status")}


def _delete_logs(turns: Sequence[str], running: Iterable[str]) -> None:
    """Delete the logs of turns, and wake the processes that run one of them."""
    if not turns:
        return
    try:
        urls = settings.TURN_LOG_URLS or [settings.REDIS_URL]
        for url in urls:
            with contextlib.closing(_connect(url)) as store:
                store.unlink(*map(stream_key, turns))
        with (
            contextlib.closing(_connect(settings.REDIS_URL)) as store,
            store.pipeline(transaction=False) as pipeline,
        ):
            for turn in running:
                pipeline.xadd(WAKEUPS, {"turn": turn}, maxlen=WAKEUPS_MAXLEN, approximate=True)
            pipeline.execute()
    except RedisError as error:
        # Running turns notice within seconds anyway, and every log expires.
        logger.warning("the logs of %d deleted turns could not be deleted (%s)", len(turns), error)


def _connect(url: str) -> "redis.Redis":
    return redis.Redis.from_url(
        url,
        socket_timeout=VALKEY_TIMEOUT_SECONDS,
        socket_connect_timeout=VALKEY_TIMEOUT_SECONDS,
    )


def delete_idle_guests() -> int:
    """Delete old guests who have no conversation and return how many.

    A guest who comes back with the old cookie is created again.
    """
    deleted = 0
    while batch := _delete_guests():
        deleted += batch
    return deleted


@transaction.atomic
def _delete_guests() -> int:
    locked = list(
        _find_idle_guests()
        .select_for_update(skip_locked=True)
        .values_list("pk", flat=True)[:GUEST_BATCH_SIZE]
    )
    # Filtered again, because a guest may have opened a conversation before the lock was taken.
    _, deleted = _find_idle_guests().filter(pk__in=locked).delete()
    return deleted.get(User._meta.label, 0)


def _find_idle_guests() -> "QuerySet[User]":
    since = timezone.now() - dt.timedelta(days=RETENTION_DAYS)
    own_conversations = Conversation.objects.filter(owner_id=OuterRef("pk"))
    return User.objects.filter(~Exists(own_conversations), is_guest=True, date_joined__lt=since)
