"""A timeout for database work whose server does not respond.

A frozen server accepts data and sends none, so that neither its own timeouts nor those of TCP expire: only
another thread of this process can end the wait, by shutting the socket down.
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
