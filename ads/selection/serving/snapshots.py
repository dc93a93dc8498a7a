"""The snapshot and the live bits this process serves from; a new one is loaded aside and swapped in whole."""

import json
import logging
import os
import threading
import time
from dataclasses import dataclass

import numpy as np
import redis

from ads.infra.redis_client import read_values, redis_key
from ads.selection.core.eligibility import CampaignOverrides, LiveOverrides, align_overrides
from ads.selection.core.index import Snapshot, load_snapshot
from ads.selection.jobs.publishing import VERSION_KEY, build_snapshot, fingerprint, snapshot_key
from ads.selection.serving.snapshot_download import fetch_blob
from ads.selection.serving.vocabulary import prepare_vocabulary

logger = logging.getLogger(__name__)

LIVE_KEY = redis_key("live")
CHECK_SECONDS = 1.0
# How long a market that was replaced is kept: by then, no request reads it any more.
RETIRED_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ServingState:
    """What requests are answered from; a request keeps the one it started with."""

    snapshot: Snapshot
    live: CampaignOverrides
    # The live bits as they were published, so that whoever has others sees that these are old.
    bits: bytes | None


class _StateCache:
    """Holds the current market, looks for news once a second and never makes a request wait for them."""

    def __init__(self) -> None:
        self._market: ServingState | None = None
        self._first_load_lock = threading.Lock()
        self._load_lock = threading.Lock()
        self._swap_lock = threading.Lock()
        self._checked_at = 0.0

    def get(self) -> ServingState:
        market = self._market
        if market is None:
            with self._first_load_lock:
                market = self._market or _build_state(_load_first_snapshot(), _read_overrides())
                self._market = market
        if time.monotonic() - self._checked_at > CHECK_SECONDS:
            self._checked_at = time.monotonic()
            self._check_for_update(market)
            market = self._market or market
        return market

    def clear(self) -> None:
        self._market = None
        self._checked_at = 0.0

    def _check_for_update(self, market: ServingState) -> None:
        try:
            version, bits = read_values(VERSION_KEY, LIVE_KEY)
        except redis.RedisError:
            logger.warning("no news of the inventory: serving version %s", market.snapshot.version)
            return
        if bits != market.bits:
            self._replace(market, _build_state(market.snapshot, bits))
        if (
            version
            and version.decode() != market.snapshot.version
            and self._load_lock.acquire(blocking=False)
        ):
            threading.Thread(target=self._swap, args=(version.decode(),), daemon=True).start()

    def _replace(self, before: ServingState, market: ServingState) -> None:
        # Whatever another thread has put there meanwhile is looked at again within a second.
        with self._swap_lock:
            if self._market is before:
                self._market = market

    def _swap(self, version: str) -> None:
        try:
            snapshot = _fetch(version)
            if snapshot:
                retired = self._market
                prepare_vocabulary(snapshot)
                # Bits that come while these are laid in differ from them, and are laid in at the next look.
                market = _build_state(snapshot, retired.bits if retired else _read_overrides())
                with self._swap_lock:
                    self._market = market
                # Whoever lets go last gives all that memory back, which takes a while: this thread has time.
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


def reset_serving_state() -> None:
    """Load anew at the next call: for tests and for a process that was forked."""
    _state_cache.clear()


class _ThreadRandom(threading.local):
    """A source of chance for each thread: making one anew for each request costs more than all its draws."""

    def __init__(self) -> None:
        self.random = np.random.default_rng()


_thread_random = _ThreadRandom()
# A process that was forked must not draw what its twin draws.
os.register_at_fork(after_in_child=lambda: setattr(_thread_random, "random", np.random.default_rng()))


def thread_random() -> np.random.Generator:
    """Return this thread's source of chance."""
    return _thread_random.random


def encode_overrides(live: LiveOverrides) -> str:
    """Return live bits as they are published."""
    bits = {
        "off": sorted(live.off),
        "keywords": sorted(live.keywords_off),
        "out": sorted(live.out_of_money),
        "paces": live.paces,
        "left": live.left,
    }
    return json.dumps(bits)


def decode_overrides(raw: bytes | None) -> LiveOverrides:
    """Read published live bits; none published means that nothing changed."""
    if not raw:
        return LiveOverrides()
    bits = json.loads(raw)
    return LiveOverrides(
        off=frozenset(bits["off"]),
        keywords_off=frozenset(bits.get("keywords", ())),
        out_of_money=frozenset(bits["out"]),
        paces=tuple((int(campaign), float(pace)) for campaign, pace in bits["paces"]),
        left=tuple((int(campaign), int(amount)) for campaign, amount in bits.get("left", ())),
    )


def _build_state(snapshot: Snapshot, bits: bytes | None) -> ServingState:
    return ServingState(snapshot, align_overrides(snapshot, decode_overrides(bits)), bits)


def _load_first_snapshot() -> Snapshot:
    try:
        (version,) = read_values(VERSION_KEY)
        snapshot = _fetch(version.decode()) if version else None
        if snapshot:
            return snapshot
    except (redis.RedisError, ValueError, KeyError):
        logger.exception("the published inventory cannot be loaded: building it here")
    return build_snapshot(fingerprint())


def _fetch(version: str) -> Snapshot | None:
    blob = fetch_blob(snapshot_key(version))
    return load_snapshot(blob) if blob else None


def _read_overrides() -> bytes | None:
    try:
        (bits,) = read_values(LIVE_KEY)
    except redis.RedisError:
        return None
    return bits
