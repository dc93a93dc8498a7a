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

from ads.convoy import Convoy
from ads.patience import answered_within
from ads.spool import Spool, SpoolError, Telling

logger = logging.getLogger(__name__)

# Whoever waits for a click to lead on must not wait for a server that just refused somebody else.
AWAY_SECONDS = 2.0
DATABASE_SECONDS = 4.0
# By then whoever asked whether the database is back has heard something, be it from the pool of connections.
ASKING_SECONDS = 20.0
# Whoever told the disk may have ended since, or could not settle it: each process looks for itself.
LOOK_SECONDS = 10.0
# InternalError is what a server says that may only be read, as after a failover.
AWAY = (OperationalError, InterfaceError, InternalError)


class AwayError(Exception):
    """The database cannot be reached."""


class _Line:
    """What this process knows about its way to the database."""

    away_until = 0.0
    look_at = 0.0


@contextmanager
def reaching_database() -> Iterator[None]:
    """Do something in the database; raises AwayError at once when it was just away, or when it is now."""
    now, away_until = time.monotonic(), 0.0
    if now < _Line.away_until:
        raise AwayError
    if _Line.away_until:
        # One asks whether it is back, and nobody waits with it.
        _Line.away_until = now + ASKING_SECONDS
    try:
        with answered_within(DATABASE_SECONDS):
            yield
    except AWAY as error:
        away_until = time.monotonic() + AWAY_SECONDS
        logger.warning("the database is away: %s", error)
        connection.close_if_unusable_or_obsolete()
        raise AwayError from error
    finally:
        _Line.away_until = away_until


def expect_database() -> None:
    """Ask database and disk again at the next chance, whatever was known about them."""
    _Line.away_until = _Line.look_at = 0.0


def tell(telling: Telling) -> bool:
    """Let the disk remember; False, and a cry for help, when it cannot."""
    try:
        _convoy.send(telling)
    except SpoolError:
        logger.critical("a %s of offer %s is lost", telling.kind, telling.offer, exc_info=True)
        return False
    return True


def take_up() -> bool:
    """Say whether the disk holds what is to be settled; asked often, it looks now and then."""
    now = time.monotonic()
    if now < _Line.look_at:
        return False
    _Line.look_at = now + LOOK_SECONDS
    return spool().is_waiting()


def spool() -> Spool:
    """Return this machine's spool."""
    return _spool_in(settings.ADS_SPOOL_FOLDER)


@lru_cache(maxsize=4)
def _spool_in(folder: str) -> Spool:
    return Spool(Path(folder))


def _keep(tellings: Sequence[Telling]) -> list[None]:
    spool().keep(tellings)
    _Line.look_at = 0.0
    return [None] * len(tellings)


_convoy: Convoy[Telling, None] = Convoy(_keep, most=512)
