"""Publishes the inventory as one snapshot in Valkey."""

import logging

from ads.infra.redis_client import redis_client
from ads.selection.building.inventory_reader import build_snapshot, fingerprint
from ads.selection.serving.snapshot_store import VERSION_KEY, snapshot_key

logger = logging.getLogger(__name__)

SNAPSHOT_TTL_SECONDS = 7 * 24 * 3600
# Processes that still load the previous version need it for a moment.
PREVIOUS_TTL_SECONDS = 600


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
