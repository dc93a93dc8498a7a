"""Removes conversations for good: what runs in them stops, and what it cost stays in the books.

Nobody waits for a turn that runs. Whoever runs it is nudged, finds its row gone, ends, counts its calls and
removes what it told meanwhile.
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
from redis.exceptions import RedisError

from aggregator.models import Conversation, Turn
from aggregator.selectors import conversations as selectors
from aggregator.streaming.turn_feed import WAKEUPS, WAKEUPS_MAXLEN, stream_key

logger = logging.getLogger(__name__)

VALKEY_TIMEOUT_SECONDS = 2
# How many go in one transaction, and how many in one night.
BATCH_SIZE, MAX_PER_NIGHT = 200, 50_000
# How long a page may take over it.
REQUEST_BUDGET_SECONDS = 8


def delete_conversation(*, conversation: Conversation) -> None:
    """Remove a conversation with its turns; what its calls cost stays in the books."""
    _delete_batch([conversation.pk])


def delete_conversations(*, account: AbstractBaseUser) -> None:
    """Remove all conversations of an account that goes."""
    _delete_batch(list(Conversation.objects.filter(owner_id=account.pk).values_list("pk", flat=True)))


def delete_api_conversations(*, owner: AbstractBaseUser) -> int:
    """Remove what a person's programs asked; returns how many are left for another press."""
    called, ends = selectors.list_api_conversations(owner), time.monotonic() + REQUEST_BUDGET_SECONDS
    while time.monotonic() < ends:
        batch = list(called.values_list("pk", flat=True)[:BATCH_SIZE])
        if not batch:
            break
        _delete_batch(batch)
    return called.count()


def expire_api_conversations(*, before: dt.datetime) -> int:
    """Remove what programs asked last before a moment, some of it tonight and the rest in nights to come."""
    expired = Conversation.objects.filter(origin=Conversation.Origin.API, updated_at__lt=before)
    # Read once: no index leads to them among the many that people opened on pages.
    old = list(expired.values_list("pk", flat=True)[:MAX_PER_NIGHT])
    for start in range(0, len(old), BATCH_SIZE):
        _delete_batch(old[start : start + BATCH_SIZE])
    return len(old)


@transaction.atomic
def _delete_batch(conversations: Sequence[int]) -> None:
    # Whoever keeps a turn holds its row and then its conversation's; whoever opens one, its conversation's.
    # All of them are held here, in that order, so that nothing is added to what is being removed.
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
    """Remove the logs of turns, and let whoever runs one look at it."""
    if not turns:
        return
    try:
        with contextlib.closing(_connect()) as store, store.pipeline(transaction=False) as packet:
            packet.unlink(*map(stream_key, turns))
            for turn in running:
                packet.xadd(WAKEUPS, {"turn": turn}, maxlen=WAKEUPS_MAXLEN, approximate=True)
            packet.execute()
    except RedisError as error:
        # Their rows are gone all the same: running ones find out in seconds, and every log expires.
        logger.warning("the logs of %d deleted turns could not be removed (%s)", len(turns), error)


def _connect() -> "redis.Redis":
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=VALKEY_TIMEOUT_SECONDS,
        socket_connect_timeout=VALKEY_TIMEOUT_SECONDS,
    )
