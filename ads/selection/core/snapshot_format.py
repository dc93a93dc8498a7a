"""Arrays in one blob, read where they lie: loading copies nothing, so that a swap holds no request up."""

import json
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"JJSNAP1\n"
ALIGNMENT = 64
Arrays = dict[str, NDArray[Any]]


def pack(version: str, arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the arrays as one blob: what is where, then the numbers, each array at a round address."""
    entries: dict[str, tuple[str, int, int]] = {}
    body = bytearray()
    for name, array in arrays.items():
        body += bytes(-len(body) % ALIGNMENT)
        entries[name] = (array.dtype.str, len(array), len(body))
        body += np.ascontiguousarray(array).tobytes()
    head = json.dumps({"version": version, "arrays": entries, "crc": zlib.crc32(body)}).encode()
    start = MAGIC + len(head).to_bytes(4, "little") + head
    return start + bytes(-len(start) % ALIGNMENT) + body


def unpack(blob: bytes | memoryview) -> tuple[str, Arrays]:
    """Return the version and the arrays; raises ValueError or KeyError when the blob is not whole."""
    if blob[: len(MAGIC)] != MAGIC:
        raise ValueError("not a snapshot")
    size = int.from_bytes(blob[len(MAGIC) : len(MAGIC) + 4], "little")
    first = len(MAGIC) + 4
    head = json.loads(bytes(blob[first : first + size]))
    body = memoryview(blob)[first + size + (-(first + size) % ALIGNMENT) :]
    if zlib.crc32(body) != head["crc"]:
        raise ValueError("a snapshot that is not whole")
    arrays: Arrays = {}
    for name, (dtype, count, offset) in head["arrays"].items():
        kind = np.dtype(dtype)
        if kind.kind not in "iuf":
            raise ValueError(f"{name}: numbers only")
        # An empty array may lie behind the last number.
        arrays[name] = np.frombuffer(body, kind, count, offset) if count else np.zeros(0, kind)
    return str(head["version"]), arrays
