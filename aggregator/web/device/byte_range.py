"""A file, or a part of it, in pieces that are read off the event loop."""

import asyncio
import re
from collections.abc import AsyncGenerator
from pathlib import Path

CHUNK_BYTES = 1 << 20
# No file is so large that a place in it has more digits.
_SINGLE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class RangeNotSatisfiable(Exception):
    """Nothing of the file lies in the range that was asked for."""


def parse_range_header(header: str, size: int) -> range | None:
    """Return the bytes that a Range header asks for; None for all of them, as for several ranges at once."""
    asked = _SINGLE_RANGE.fullmatch(header.strip())
    if not asked or not any(asked.groups()):
        return None
    first, last = asked.groups()
    if not first:
        part = range(max(size - int(last), 0), size)
    elif last and int(last) < int(first):
        return None
    else:
        part = range(int(first), min(int(last) + 1, size) if last else size)
    if not part:
        raise RangeNotSatisfiable
    return part


async def iterate_file_range(path: Path, part: range) -> AsyncGenerator[bytes, None]:
    """Yield a part of a file, one piece in memory at a time; whoever stops reading closes the file."""
    file = await asyncio.to_thread(path.open, "rb")
    try:
        await asyncio.to_thread(file.seek, part.start)
        left = len(part)
        while left and (piece := await asyncio.to_thread(file.read, min(CHUNK_BYTES, left))):
            left -= len(piece)
            yield piece
    finally:
        file.close()
