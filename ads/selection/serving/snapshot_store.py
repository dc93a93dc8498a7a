"""Snapshots in Valkey: their keys, and downloading one without delaying the requests of this process.

A thread that reads from a socket takes the GIL at every packet, and each time a request waits some tenths of
a millisecond: a large download would slow hundreds of requests. A subprocess (`snapshot_subprocess.py`)
therefore writes the blob to a file, which is read in one call.
"""

import subprocess
import sys
import tempfile

import numpy as np
import redis
from django.conf import settings
from numpy.typing import NDArray

from ads.infra.redis_client import redis_client, redis_key
from ads.selection.serving import snapshot_subprocess

VERSION_KEY = redis_key("snapshot", "version")
LIVE_KEY = redis_key("live")
# Below this size, reading here is faster than starting a subprocess.
INLINE_BYTES = 4 << 20
SUBPROCESS_TIMEOUT_SECONDS = 60


def snapshot_key(version: str) -> str:
    """Return the key of the snapshot of this version."""
    return redis_key("snapshot", version)


def fetch_blob(name: str) -> memoryview | None:
    """Return the value of a key as a read-only view, or None; raises RedisError when it cannot be read.

    A value that is replaced during the download can be inconsistent; a snapshot's checksum detects that.
    """
    store = redis_client()
    size = int(store.strlen(name))
    if not size:
        return None
    # NumPy allocates huge pages: far fewer page faults than for bytes.
    blob: NDArray[np.uint8] = np.empty(size, dtype=np.uint8)
    if size > INLINE_BYTES:
        _fill_in_subprocess(name, blob)
    else:
        start = 0
        for chunk in snapshot_subprocess.read_chunks(store, name, size):
            blob[start : start + len(chunk)] = np.frombuffer(chunk, dtype=np.uint8)
            start += len(chunk)
    return blob.data.toreadonly()


def _fill_in_subprocess(name: str, blob: NDArray[np.uint8]) -> None:
    command = [sys.executable, "-m", snapshot_subprocess.__name__, name, str(len(blob))]
    with tempfile.TemporaryFile(buffering=0) as file:
        try:
            subprocess.run(  # noqa: S603
                command,
                cwd=settings.BASE_DIR,
                # Not an argument: every user of the machine can read those, and the URL may hold a password.
                input=settings.REDIS_URL.encode(),
                stdout=file,
                stderr=subprocess.PIPE,
                timeout=SUBPROCESS_TIMEOUT_SECONDS,
                check=True,
            )
            file.seek(0)
            read = file.readinto(blob.data)
        except subprocess.CalledProcessError as error:
            lines = error.stderr.decode(errors="replace").strip().splitlines()
            raise redis.RedisError(f"{name} was not downloaded: {lines[-1] if lines else error}") from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise redis.RedisError(f"{name} was not downloaded: {error}") from error
    if read != len(blob):
        raise redis.DataError(f"{name} was not downloaded completely")
