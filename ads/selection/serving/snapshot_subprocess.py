"""Copies the value of a Valkey key to standard output; run as a subprocess, it imports no Django."""

import os
import sys
from collections.abc import Iterator

import redis

# Valkey serves one command at a time: other clients wait no longer than one chunk takes.
CHUNK_BYTES = 1 << 20
LOWEST_PRIORITY = 19


def read_chunks(store: "redis.Redis", name: str, size: int) -> Iterator[bytes]:
    """Yield the first `size` bytes of a key in chunks; raises RedisError when the value is shorter."""
    for start in range(0, size, CHUNK_BYTES):
        stop = min(start + CHUNK_BYTES, size)
        chunk = store.getrange(name, start, stop - 1)
        if not isinstance(chunk, bytes) or len(chunk) != stop - start:
            raise redis.DataError(f"{name} was removed or replaced during the download")
        yield chunk


def main() -> None:
    """Write argv[2] bytes of the key argv[1] to standard output; the Valkey URL comes on standard input."""
    os.nice(LOWEST_PRIORITY)
    store = redis.Redis.from_url(sys.stdin.read(), socket_timeout=5, socket_connect_timeout=5)
    for chunk in read_chunks(store, sys.argv[1], int(sys.argv[2])):
        sys.stdout.buffer.write(chunk)


if __name__ == "__main__":
    main()
