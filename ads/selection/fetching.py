"""Fetches a snapshot while requests are answered: the kernel writes it where it will lie.

A client that reads tens of megabytes in Python copies them several times, and every copy holds all other
threads up. Here one call waits for all of them without holding anything.
"""

import socket
import ssl
import struct

import numpy as np
import redis
from numpy.typing import NDArray

from ads.fast_store import fast_store

# How long the store may say nothing before it counts as away.
PATIENCE_SECONDS = 2
NIL = (b"$-1", b"_")


def fetch(name: str) -> memoryview | None:
    """Return what is kept under this name, read-only, or None; raises RedisError when it cannot be read."""
    pool = fast_store().connection_pool
    # A connection of its own, for the client must not see what is left on it.
    connection = pool.connection_class(**pool.connection_kwargs)
    try:
        connection.connect()
        connection.send_command("GET", name)
        return _read_bulk(connection._sock)
    except OSError as error:
        raise redis.ConnectionError(f"{name}: {error}") from error
    finally:
        connection.disconnect()


def _read_bulk(line: socket.socket) -> memoryview | None:
    line.settimeout(None)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", PATIENCE_SECONDS, 0))
    head = _read_head(line)
    if head in NIL:
        return None
    if not head.startswith(b"$"):
        raise redis.ResponseError(head.decode(errors="replace"))
    # Numpy asks for huge pages: a few to fill and to give back, and not tens of thousands of small ones.
    blob: NDArray[np.uint8] = np.empty(int(head[1:]), dtype=np.uint8)
    flags = 0 if isinstance(line, ssl.SSLSocket) else socket.MSG_WAITALL
    left = blob.data
    while left:
        count = line.recv_into(left, flags=flags)
        if not count:
            raise redis.ConnectionError("the store hung up")
        left = left[count:]
    return blob.data.toreadonly()


def _read_head(line: socket.socket) -> bytes:
    head = b""
    while not head.endswith(b"\r\n"):
        byte = line.recv(1)
        if not byte:
            raise redis.ConnectionError("the store hung up")
        head += byte
    return head[:-2]
