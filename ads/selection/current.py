"""The snapshot and the live bits this process serves from; a new one is loaded aside and swapped in whole."""

import json
import logging
import os
import threading
import time
from dataclasses import dataclass

import numpy as np
import redis

from ads.fast_store import key, read_bytes
from ads.selection.eligibility import LiveBits, LiveStates, lay_out
from ads.selection.fetching import fetch
from ads.selection.index import Snapshot, load
from ads.selection.publishing import VERSION_KEY, build_snapshot, fingerprint, snapshot_key
from ads.selection.vocabulary import prepare_vocabulary

logger = logging.getLogger(__name__)

LIVE_KEY = key("live")
CHECK_SECONDS = 1.0
# How long a market that was replaced is kept: by then, no request reads it any more.
RETIRED_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Market:
    """What requests are answered from; a request keeps the one it started with."""

    snapshot: Snapshot
    live: LiveStates
    # The live bits as they were published, so that whoever has others sees that these are old.
    bits: bytes | None


class _Shelf:
    """Holds the current market, looks for news once a second and never makes a request wait for them."""

    def __init__(self) -> None:
        self._market: Market | None = None
        self._first = threading.Lock()
        self._loading = threading.Lock()
        self._placing = threading.Lock()
        self._checked = 0.0

    def take(self) -> Market:
        market = self._market
        if market is None:
            with self._first:
                market = self._market or _combine(_load_first(), _read_live())
                self._market = market
        if time.monotonic() - self._checked > CHECK_SECONDS:
            self._checked = time.monotonic()
            self._look_for_news(market)
            market = self._market or market
        return market

    def clear(self) -> None:
        self._market = None
        self._checked = 0.0

    def _look_for_news(self, market: Market) -> None:
        try:
            version, bits = read_bytes(VERSION_KEY, LIVE_KEY)
        except redis.RedisError:
            logger.warning("no news of the inventory: serving version %s", market.snapshot.version)
            return
        if bits != market.bits:
            self._replace(market, _combine(market.snapshot, bits))
        if version and version.decode() != market.snapshot.version and self._loading.acquire(blocking=False):
            threading.Thread(target=self._swap, args=(version.decode(),), daemon=True).start()

    def _replace(self, before: Market, market: Market) -> None:
        # Whatever another thread has put there meanwhile is looked at again within a second.
        with self._placing:
            if self._market is before:
                self._market = market

    def _swap(self, version: str) -> None:
        try:
            snapshot = _fetch(version)
            if snapshot:
                retired = self._market
                prepare_vocabulary(snapshot)
                # Bits that come while these are laid in differ from them, and are laid in at the next look.
                market = _combine(snapshot, retired.bits if retired else _read_live())
                with self._placing:
                    self._market = market
                # Whoever lets go last gives all that memory back, which takes a while: this thread has time.
                time.sleep(RETIRED_SECONDS)
                del retired
        except (redis.RedisError, ValueError, KeyError):
            logger.exception("inventory %s cannot be loaded", version)
        finally:
            self._loading.release()


_shelf = _Shelf()


def current_market() -> Market:
    """Return what this process serves from; the first call loads it."""
    return _shelf.take()


def forget_market() -> None:
    """Load anew at the next call: for tests and for a process that was forked."""
    _shelf.clear()


class _Chance(threading.local):
    """A source of chance for each thread: making one anew for each request costs more than all its draws."""

    def __init__(self) -> None:
        self.random = np.random.default_rng()


_chance = _Chance()
# A process that was forked must not draw what its twin draws.
os.register_at_fork(after_in_child=lambda: setattr(_chance, "random", np.random.default_rng()))


def random_here() -> np.random.Generator:
    """Return this thread's source of chance."""
    return _chance.random


def encode_live(live: LiveBits) -> str:
    """Return live bits as they are published."""
    bits = {
        "off": sorted(live.off),
        "keywords": sorted(live.keywords_off),
        "out": sorted(live.out_of_money),
        "paces": live.paces,
        "left": live.left,
    }
    return json.dumps(bits)


def decode_live(raw: bytes | None) -> LiveBits:
    """Read published live bits; none published means that nothing changed."""
    if not raw:
        return LiveBits()
    bits = json.loads(raw)
    return LiveBits(
        off=frozenset(bits["off"]),
        keywords_off=frozenset(bits.get("keywords", ())),
        out_of_money=frozenset(bits["out"]),
        paces=tuple((int(campaign), float(pace)) for campaign, pace in bits["paces"]),
        left=tuple((int(campaign), int(amount)) for campaign, amount in bits.get("left", ())),
    )


def _combine(snapshot: Snapshot, bits: bytes | None) -> Market:
    return Market(snapshot, lay_out(snapshot, decode_live(bits)), bits)


def _load_first() -> Snapshot:
    try:
        (version,) = read_bytes(VERSION_KEY)
        snapshot = _fetch(version.decode()) if version else None
        if snapshot:
            return snapshot
    except (redis.RedisError, ValueError, KeyError):
        logger.exception("the published inventory cannot be loaded: building it here")
    return build_snapshot(fingerprint())


def _fetch(version: str) -> Snapshot | None:
    blob = fetch(snapshot_key(version))
    return load(blob) if blob else None


def _read_live() -> bytes | None:
    try:
        (bits,) = read_bytes(LIVE_KEY)
    except redis.RedisError:
        return None
    return bits
