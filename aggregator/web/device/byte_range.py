"""HTTP Range requests (RFC 9110, section 14): a file, or a part of it, read off the event loop in chunks."""

import asyncio
import re
from collections.abc import AsyncGenerator
from pathlib import Path

CHUNK_BYTES = 1 << 20
# No file's size has more digits.
_SINGLE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class RangeNotSatisfiable(Exception):
    """The requested range lies outside the file."""


def parse_range_header(header: str, size: int) -> range | None:
    """Return the byte range of a Range header; None for the whole file, also for several ranges."""
    match = _SINGLE_RANGE.fullmatch(header.strip())
    if not match or not any(match.groups()):
        return None
    first, last = match.groups()
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
    """Yield a part of a file in chunks; the file is closed when the reader stops."""
    file = await asyncio.to_thread(path.open, "rb")
    try:
        await asyncio.to_thread(file.seek, part.start)
        left = len(part)
        while left and (chunk := await asyncio.to_thread(file.read, min(CHUNK_BYTES, left))):
            left -= len(chunk)
            yield chunk
    finally:
        file.close()
