"""Fetches a snapshot while requests are answered, and holds none of them up.

A thread that reads from the store asks for the interpreter at every packet, and each time a request waits
some tenths of a millisecond while the two take turns: what is large would slow hundreds. It is therefore
carried into a file by a process of its own (`carrier.py`) and read from there in one go, which asks for the
interpreter a handful of times.
"""

import subprocess
import sys
import tempfile

import numpy as np
import redis
from django.conf import settings
from numpy.typing import NDArray

from ads.infra.redis_client import redis_client
from ads.selection.serving import snapshot_subprocess

# Up to here it is sooner read here than another process is begun.
INLINE_BYTES = 4 << 20
SUBPROCESS_TIMEOUT_SECONDS = 60


def fetch_blob(name: str) -> memoryview | None:
    """Return what is kept under this name, read-only, or None; raises RedisError when it cannot be read.

    What is replaced meanwhile comes in pieces that do not belong together: a snapshot's checksum tells.
    """
    store = redis_client()
    size = int(store.strlen(name))
    if not size:
        return None
    # Numpy asks for huge pages: a few to fill and to give back, and not tens of thousands of small ones.
    blob: NDArray[np.uint8] = np.empty(size, dtype=np.uint8)
    if size > INLINE_BYTES:
        _fill_in_subprocess(name, blob)
    else:
        start = 0
        for piece in snapshot_subprocess.read_chunks(store, name, size):
            blob[start : start + len(piece)] = np.frombuffer(piece, dtype=np.uint8)
            start += len(piece)
    return blob.data.toreadonly()


def _fill_in_subprocess(name: str, blob: NDArray[np.uint8]) -> None:
    words = [sys.executable, "-m", snapshot_subprocess.__name__, name, str(len(blob))]
    with tempfile.TemporaryFile(buffering=0) as carried:
        try:
            subprocess.run(  # noqa: S603
                words,
                cwd=settings.BASE_DIR,
                # Not among its arguments, which every user of the machine may read.
                input=settings.REDIS_URL.encode(),
                stdout=carried,
                stderr=subprocess.PIPE,
                timeout=SUBPROCESS_TIMEOUT_SECONDS,
                check=True,
            )
            carried.seek(0)
            read = carried.readinto(blob.data)
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace").strip().splitlines()
            raise redis.RedisError(f"{name} was not carried: {said[-1] if said else error}") from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise redis.RedisError(f"{name} was not carried: {error}") from error
    if read != len(blob):
        raise redis.DataError(f"{name} was not carried whole")
