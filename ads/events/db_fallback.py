"""Fallback while the database is unavailable: a circuit breaker around queries, and the spool for events.

A database that hangs counts as unavailable: no query waits longer than QUERY_TIMEOUT_SECONDS. A frozen server
accepts data and sends none, so that neither its own timeouts nor those of TCP expire: only another thread of
this process can end the wait, by shutting the socket down (ADR 18).
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import (
    DEFAULT_DB_ALIAS,
    InterfaceError,
    InternalError,
    OperationalError,
    connection,
    connections,
)
from django.db.backends.base.base import BaseDatabaseWrapper

from ads.events.spool import Spool, SpooledEvent, SpoolError
from ads.infra.group_commit import GroupCommit

logger = logging.getLogger(__name__)

# After a failure, requests fall back at once for this long.
RETRY_SECONDS = 2.0
QUERY_TIMEOUT_SECONDS = 4.0
# Upper bound of one probe; it covers the query timeout and the wait for a pooled connection.
PROBE_SECONDS = 20.0
# The process that spooled an event may have ended, so every process checks the spool.
SPOOL_CHECK_SECONDS = 10.0
# InternalError is raised by a read-only server, as after a failover.
DATABASE_ERRORS = (OperationalError, InterfaceError, InternalError)
POLL_SECONDS = 0.25


@dataclass(eq=False, slots=True)
class _TimedQuery:
    """Work on a thread's connection and its deadline, by the monotonic clock."""

    until: float
    connection: BaseDatabaseWrapper


class _TimeoutWatcher:
    """The running queries, which a thread checks while there are any."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._lock = threading.Lock()
        self._queries: set[_TimedQuery] = set()
        self._is_polling = False

    def begin(self, call: _TimedQuery) -> None:
        with self._lock:
            self._queries.add(call)
            if not self._is_polling:
                self._is_polling = True
                threading.Thread(target=self._poll, name="query timeouts", daemon=True).start()

    def end(self, call: _TimedQuery) -> None:
        with self._lock:
            self._queries.discard(call)

    def _poll(self) -> None:
        while True:
            time.sleep(POLL_SECONDS)
            with self._lock:
                if not self._queries:
                    self._is_polling = False
                    return
                now = time.monotonic()
                # Under the lock: after its end another query may use the connection.
                for call in self._queries:
                    if call.until < now:
                        _shut_down_socket(call.connection)


_watcher = _TimeoutWatcher()
# A forked process does not inherit the thread.
os.register_at_fork(after_in_child=_watcher.reset)


@contextmanager
def query_timeout(seconds: float) -> Iterator[None]:
    """Limit database work; a query that is not done by then raises OperationalError.

    Connecting has a timeout of its own. Inside a transaction there is no limit.
    """
    if connection.in_atomic_block:
        yield
        return
    call = _TimedQuery(time.monotonic() + seconds, connections[DEFAULT_DB_ALIAS])
    _watcher.begin(call)
    try:
        yield
    finally:
        _watcher.end(call)


def _shut_down_socket(wrapper: BaseDatabaseWrapper) -> None:
    connection = wrapper.connection
    if connection is None or connection.closed:
        return
    # A duplicate stays valid if the connection is closed now and another file gets its descriptor.
    with suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as copy:
        if not connection.closed:
            copy.shutdown(socket.SHUT_RDWR)


class DatabaseUnavailableError(Exception):
    """The database cannot be reached."""


class _DatabaseState:
    """This process's view of the database and the spool, as monotonic times."""

    unavailable_until = 0.0
    next_spool_check = 0.0


@contextmanager
def require_database() -> Iterator[None]:
    """Run queries; raises DatabaseUnavailableError when they fail, or at once after a recent failure."""
    now, unavailable_until = time.monotonic(), 0.0
    if now < _DatabaseState.unavailable_until:
        raise DatabaseUnavailableError
    if _DatabaseState.unavailable_until:
        # This request probes the database; others keep falling back meanwhile.
        _DatabaseState.unavailable_until = now + PROBE_SECONDS
    try:
        with query_timeout(QUERY_TIMEOUT_SECONDS):
            yield
    except DATABASE_ERRORS as error:
        unavailable_until = time.monotonic() + RETRY_SECONDS
        logger.warning("the database is unavailable: %s", error)
        connection.close_if_unusable_or_obsolete()
        raise DatabaseUnavailableError from error
    finally:
        _DatabaseState.unavailable_until = unavailable_until


def spool_event(event: SpooledEvent) -> bool:
    """Append the event to the spool; return False and log a critical error when the disk fails."""
    try:
        _spool_commits.submit(event)
    except SpoolError:
        logger.critical("a %s of offer %s is lost", event.kind, event.offer, exc_info=True)
        return False
    return True


def has_spooled() -> bool:
    """Return whether the spool holds events; checks the disk at most every SPOOL_CHECK_SECONDS."""
    now = time.monotonic()
    if now < _DatabaseState.next_spool_check:
        return False
    _DatabaseState.next_spool_check = now + SPOOL_CHECK_SECONDS
    return spool().is_waiting()


def spool() -> Spool:
    """Return this machine's spool."""
    return _spool_in(settings.ADS_SPOOL_FOLDER)


@lru_cache(maxsize=4)
def _spool_in(folder: str) -> Spool:
    return Spool(Path(folder))


def _append_events(events: Sequence[SpooledEvent]) -> list[None]:
    spool().append(events)
    _DatabaseState.next_spool_check = 0.0
    return [None] * len(events)


_spool_commits: GroupCommit[SpooledEvent, None] = GroupCommit(_append_events, max_size=512)
