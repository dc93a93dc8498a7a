"""Publishes the inventory as one snapshot in Valkey, each minute and at once after a decision of a person."""

import logging

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from ads.infra.redis_client import redis_client
from ads.selection.building.inventory_reader import build_snapshot, fingerprint
from ads.selection.jobs.live_overrides import publish_live_overrides
from ads.selection.serving.snapshot_store import VERSION_KEY, snapshot_key

logger = logging.getLogger(__name__)

SNAPSHOT_TTL_SECONDS = 7 * 24 * 3600
# Processes that still load the previous version need it for a moment.
PREVIOUS_TTL_SECONDS = 600
# As of the scheduled publication: a later one replaces a task that no worker took.
EXPIRY_SECONDS = 60


def publish() -> str:
    """Publish the inventory if it changed and return its version."""
    version = fingerprint()
    store = redis_client()
    raw = store.get(VERSION_KEY)
    previous = raw.decode() if isinstance(raw, bytes) else raw or ""
    if previous == version and store.exists(snapshot_key(version)):
        return version
    snapshot = build_snapshot(version)
    store.set(snapshot_key(version), snapshot.dump(), ex=SNAPSHOT_TTL_SECONDS)
    # The version is written last, so that a reader always finds a complete snapshot behind it.
    store.set(VERSION_KEY, version)
    if previous and previous != version:
        store.expire(snapshot_key(previous), PREVIOUS_TTL_SECONDS)
    logger.info("inventory %s published: %d keywords", version, len(snapshot.keyword_ids))
    return version


def request_publication() -> None:
    """Publish inventory and live overrides after this transaction, so that servers apply them in seconds."""
    transaction.on_commit(_publish_soon)


def _publish_soon() -> None:
    try:
        if settings.TURN_RUNNER == "worker":
            current_app.send_task("ads.tasks.publish_inventory", expires=EXPIRY_SECONDS, retry=False)
        else:
            publish()
            publish_live_overrides(at=timezone.now())
    except (OperationalError, RedisError) as error:
        # The change is stored: the next publication of beat includes it.
        logger.warning("the inventory could not be published at once: %s", error)
