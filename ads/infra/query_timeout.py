"""Hangs up on a database that does not answer, so that whoever waits for it can go on without it.

A server that is frozen takes up what is sent and says nothing, and no timeout of its own or of the network
comes to an end: only another thread of this process can end that wait.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

POLL_SECONDS = 0.25


@dataclass(eq=False, slots=True)
class _TimedQuery:
    """A stretch of work with this thread's connection, and until when it has to be done."""

    until: float
    line: BaseDatabaseWrapper


class _TimeoutWatcher:
    """All calls that go on; a thread looks at them while there are any."""

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
                threading.Thread(target=self._poll, name="database patience", daemon=True).start()

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
                # Under the lock: a call that has ended may have lent its connection to somebody else.
                for call in self._queries:
                    if call.until < now:
                        _shut_down_socket(call.line)


_watcher = _TimeoutWatcher()
# The thread that looks stays behind when a process forks.
os.register_at_fork(after_in_child=_watcher.reset)


@contextmanager
def query_timeout(seconds: float) -> Iterator[None]:
    """Work with the database; what is not done by then ends with OperationalError.

    Connecting has a deadline of its own. Whoever is inside a transaction is left to its end.
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


def _shut_down_socket(line: BaseDatabaseWrapper) -> None:
    known = line.connection
    if known is None or known.closed:
        return
    # A copy goes on meaning that connection, even if it is closed now and another file takes its number.
    with suppress(OSError), socket.socket(fileno=os.dup(known.fileno())) as copy:
        if not known.closed:
            copy.shutdown(socket.SHUT_RDWR)
