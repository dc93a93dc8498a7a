"""Fetches a snapshot while requests are answered: piece by piece, each put at once where it will lie.

A client that reads tens of megabytes in one go copies them several times, and every copy holds all other
threads up. A piece is copied within a fraction of a millisecond, and between two of them everybody else may
go on; nor is the store, which serves one command at a time, kept from others for long.
"""

import numpy as np
import redis
from numpy.typing import NDArray

from ads.fast_store import fast_store

# Smaller ones cost a command each, and more of them keep the requests company for longer.
PIECE_BYTES = 1 << 20


def fetch(name: str) -> memoryview | None:
    """Return what is kept under this name, read-only, or None; raises RedisError when it cannot be read.

    What is replaced meanwhile comes in pieces that do not belong together: a snapshot's checksum tells.
    """
    store = fast_store()
    size = int(store.strlen(name))
    if not size:
        return None
    # Numpy asks for huge pages: a few to fill and to give back, and not tens of thousands of small ones.
    blob: NDArray[np.uint8] = np.empty(size, dtype=np.uint8)
    for start in range(0, size, PIECE_BYTES):
        stop = min(start + PIECE_BYTES, size)
        piece = store.getrange(name, start, stop - 1)
        if not isinstance(piece, bytes) or len(piece) != stop - start:
            raise redis.DataError(f"{name} went away while it was read")
        blob[start:stop] = np.frombuffer(piece, dtype=np.uint8)
    return blob.data.toreadonly()
