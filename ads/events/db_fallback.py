"""Fallback while the database is unavailable: a circuit breaker around queries, and the spool for events.

A database that hangs counts as unavailable: no query waits longer than QUERY_TIMEOUT_SECONDS.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, InternalError, OperationalError, connection

from ads.events.spool import Spool, SpooledEvent, SpoolError
from ads.infra.group_commit import GroupCommit
from ads.infra.query_timeout import query_timeout

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
