"""Carries what Valkey keeps under a name to its standard output, as a process of its own."""

import os
import sys
from collections.abc import Iterator

import redis

# The store serves one command at a time: nobody else waits longer than a piece takes.
CHUNK_BYTES = 1 << 20
LOWEST_PRIORITY = 19


def read_chunks(store: "redis.Redis", name: str, size: int) -> Iterator[bytes]:
    """Return so many bytes kept under that name, in pieces; raises RedisError when they are not all there."""
    for start in range(0, size, CHUNK_BYTES):
        stop = min(start + CHUNK_BYTES, size)
        piece = store.getrange(name, start, stop - 1)
        if not isinstance(piece, bytes) or len(piece) != stop - start:
            raise redis.DataError(f"{name} went away while it was read")
        yield piece


def main() -> None:
    """Carry so many bytes under a name, as arguments say, from the Valkey whose address is the input."""
    os.nice(LOWEST_PRIORITY)
    store = redis.Redis.from_url(sys.stdin.read(), socket_timeout=5, socket_connect_timeout=5)
    for piece in read_chunks(store, sys.argv[1], int(sys.argv[2])):
        sys.stdout.buffer.write(piece)


if __name__ == "__main__":
    main()
