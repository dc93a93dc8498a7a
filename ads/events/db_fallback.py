"""What happens while the database is away: it is asked again now and then, and meanwhile the disk remembers.

One that hangs is away like one that refuses: nobody waits for it longer than DATABASE_SECONDS.

AwayError: the database cannot be reached, or was not a moment ago.
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

# Whoever waits for a click to lead on must not wait for a server that just refused somebody else.
RETRY_SECONDS = 2.0
QUERY_TIMEOUT_SECONDS = 4.0
# By then whoever asked whether the database is back has heard something, be it from the pool of connections.
PROBE_SECONDS = 20.0
# Whoever told the disk may have ended since, or could not settle it: each process looks for itself.
SPOOL_CHECK_SECONDS = 10.0
# InternalError is what a server says that may only be read, as after a failover.
DATABASE_ERRORS = (OperationalError, InterfaceError, InternalError)


class DatabaseUnavailableError(Exception):
    """The database cannot be reached."""


class _DatabaseState:
    """What this process knows about its way to the database."""

    unavailable_until = 0.0
    next_spool_check = 0.0


@contextmanager
def require_database() -> Iterator[None]:
    """Do something in the database; raises AwayError at once when it was just away, or when it is now."""
    now, unavailable_until = time.monotonic(), 0.0
    if now < _DatabaseState.unavailable_until:
        raise DatabaseUnavailableError
    if _DatabaseState.unavailable_until:
        # One asks whether it is back, and nobody waits with it.
        _DatabaseState.unavailable_until = now + PROBE_SECONDS
    try:
        with query_timeout(QUERY_TIMEOUT_SECONDS):
            yield
    except DATABASE_ERRORS as error:
        unavailable_until = time.monotonic() + RETRY_SECONDS
        logger.warning("the database is away: %s", error)
        connection.close_if_unusable_or_obsolete()
        raise DatabaseUnavailableError from error
    finally:
        _DatabaseState.unavailable_until = unavailable_until


def reset_database_state() -> None:
    """Ask database and disk again at the next chance, whatever was known about them."""
    _DatabaseState.unavailable_until = _DatabaseState.next_spool_check = 0.0


def spool_event(event: SpooledEvent) -> bool:
    """Let the disk remember; False, and a cry for help, when it cannot."""
    try:
        _spool_commits.send(event)
    except SpoolError:
        logger.critical("a %s of offer %s is lost", event.kind, event.offer, exc_info=True)
        return False
    return True


def has_spooled() -> bool:
    """Say whether the disk holds what is to be settled; asked often, it looks now and then."""
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
    spool().keep(events)
    _DatabaseState.next_spool_check = 0.0
    return [None] * len(events)


_spool_commits: GroupCommit[SpooledEvent, None] = GroupCommit(_append_events, most=512)
