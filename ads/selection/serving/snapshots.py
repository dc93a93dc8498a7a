"""The serving state of this process: the snapshot and live overrides, swapped without delaying a request."""

import logging
import threading
import time
from dataclasses import dataclass

import redis

from ads.infra.redis_client import read_values
from ads.selection.building.inventory_reader import build_snapshot, fingerprint
from ads.selection.core.index import Snapshot, load_snapshot
from ads.selection.core.overrides import CampaignOverrides, align_overrides, decode_overrides
from ads.selection.serving.snapshot_store import LIVE_KEY, VERSION_KEY, fetch_blob, snapshot_key
from ads.selection.serving.vocabulary import prepare_vocabulary

logger = logging.getLogger(__name__)

CHECK_SECONDS = 1.0
# A replaced state is kept this long: by then no request reads it.
RETIRED_SECONDS = 1.0
# Without requests nothing is checked: the first one after that long waits a moment for what was published.
IDLE_SECONDS = 5.0
IDLE_WAIT_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class ServingState:
    """What requests are answered from; a request keeps the state it started with."""

    snapshot: Snapshot
    live: CampaignOverrides
    # The overrides as published, to detect a newer publication.
    raw_overrides: bytes | None


class _StateCache:
    """Holds the current state, checks for a newer one every CHECK_SECONDS, and loads it on another thread."""

    def __init__(self) -> None:
        self._state: ServingState | None = None
        self._first_load_lock = threading.Lock()
        self._load_lock = threading.Lock()
        self._swap_lock = threading.Lock()
        self._checked_at = 0.0

    def get(self) -> ServingState:
        state = self._state
        if state is None:
            with self._first_load_lock:
                state = self._state or _build_state(_load_first_snapshot(), _read_overrides())
                self._state = state
        idle_seconds = time.monotonic() - self._checked_at
        if idle_seconds > CHECK_SECONDS:
            self._checked_at = time.monotonic()
            self._check_for_update(state, IDLE_WAIT_SECONDS if idle_seconds > IDLE_SECONDS else 0)
            state = self._state or state
        return state

    def _check_for_update(self, state: ServingState, wait_seconds: float) -> None:
        try:
            version, overrides = read_values(VERSION_KEY, LIVE_KEY)
        except redis.RedisError:
            logger.warning("Valkey is unavailable: serving inventory %s", state.snapshot.version)
            return
        if overrides != state.raw_overrides:
            self._replace(state, _build_state(state.snapshot, overrides))
        if version and version.decode() != state.snapshot.version and self._load_lock.acquire(blocking=False):
            is_loaded = threading.Event()
            threading.Thread(target=self._load, args=(version.decode(), is_loaded), daemon=True).start()
            is_loaded.wait(wait_seconds)

    def _replace(self, before: ServingState, after: ServingState) -> None:
        # A state that another thread has set meanwhile stays; the next check compares it again.
        with self._swap_lock:
            if self._state is before:
                self._state = after

    def _load(self, version: str, is_loaded: threading.Event) -> None:
        try:
            snapshot = _fetch_snapshot(version)
            if snapshot:
                retired = self._state
                prepare_vocabulary(snapshot)
                # Overrides published while these are aligned differ from them and are applied by the next
                # check.
                state = _build_state(snapshot, retired.raw_overrides if retired else _read_overrides())
                with self._swap_lock:
                    self._state = state
                is_loaded.set()
                # The last reference frees all memory of the old state, which takes a while: free it here.
                time.sleep(RETIRED_SECONDS)
                del retired
        except (redis.RedisError, ValueError, KeyError):
            logger.exception("inventory %s cannot be loaded", version)
        finally:
            self._load_lock.release()


_state_cache = _StateCache()


def serving_state() -> ServingState:
    """Return what this process serves from; the first call loads it."""
    return _state_cache.get()


def _build_state(snapshot: Snapshot, overrides: bytes | None) -> ServingState:
    return ServingState(snapshot, align_overrides(snapshot, decode_overrides(overrides)), overrides)


def _load_first_snapshot() -> Snapshot:
    try:
        (version,) = read_values(VERSION_KEY)
        snapshot = _fetch_snapshot(version.decode()) if version else None
        if snapshot:
            return snapshot
    except (redis.RedisError, ValueError, KeyError):
        logger.exception("the published inventory cannot be loaded: building it from the database")
    return build_snapshot(fingerprint())


def _fetch_snapshot(version: str) -> Snapshot | None:
    blob = fetch_blob(snapshot_key(version))
    return load_snapshot(blob) if blob else None


def _read_overrides() -> bytes | None:
    try:
        (overrides,) = read_values(LIVE_KEY)
    except redis.RedisError:
        return None
    return overrides
