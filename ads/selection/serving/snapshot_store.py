"""Where snapshots and live overrides are kept in Valkey."""

from ads.infra.redis_client import redis_key

VERSION_KEY = redis_key("snapshot", "version")
LIVE_KEY = redis_key("live")


def snapshot_key(version: str) -> str:
    """Return the key of the snapshot of this version."""
    return redis_key("snapshot", version)
