"""The weights that browsers fetch to answer on the device."""

import hashlib
import resource
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import psutil
import pytest
from django.http import StreamingHttpResponse
from django.test import AsyncClient

from aggregator.catalog.device_models import read_table
from aggregator.web.device_views import (
    CHUNK_BYTES,
    RangeNotSatisfiable,
    iterate_file_range,
    parse_range_header,
)
from stack.install.weights import QWEN_HALF, SMOLLM2
from stack.servers.local_models import MODEL_SETS
from tests.aggregator.device_weight_files import SIZE, SMALL, folder, weights

__all__ = ["folder", "weights"]

READ_MB = 512


async def read(answer: object) -> bytes:
    """Return the whole body of a streamed answer."""
    body = cast(StreamingHttpResponse, answer).streaming_content
    return b"".join([piece async for piece in cast(AsyncIterator[bytes], body)])


def test_the_table_tells_of_the_weights_that_the_stack_fetches() -> None:
    fetched = {each.slug: (each.file_name, each.sha256, each.size) for each in MODEL_SETS["all"]}
    observed = {each.language_model.slug: (each.file, each.sha256, each.size) for each in read_table()}
    assert {SMOLLM2.slug, QWEN_HALF.slug} <= set(observed)
    assert observed == {slug: fetched.get(slug) for slug in observed}


async def test_weights_are_sent_whole_and_cached_for_ever(weights: bytes) -> None:
    answer = await AsyncClient().get(SMALL)
    assert answer.status_code == 200
    assert hashlib.sha256(await read(answer)).digest() == hashlib.sha256(weights).digest()
    assert answer["Content-Length"] == str(SIZE)
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Accept-Ranges"] == "bytes"
    assert not answer.cookies


async def test_head_tells_the_size_and_sends_nothing(weights: bytes) -> None:
    answer = await AsyncClient().head(SMALL)
    assert (answer.status_code, answer["Content-Length"], answer.content) == (200, str(SIZE), b"")


@pytest.mark.parametrize(
    ("byte_range", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=5-", 5, SIZE - 1),
        ("bytes=-7", SIZE - 7, SIZE - 1),
        ("bytes=9-9999999999", 9, SIZE - 1),
    ],
)
async def test_a_range_is_answered_with_its_part(
    weights: bytes, byte_range: str, first: int, last: int
) -> None:
    answer = await AsyncClient().get(SMALL, headers={"range": byte_range})
    assert answer.status_code == 206
    assert answer["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
    assert await read(answer) == weights[first : last + 1]


async def test_a_range_behind_the_end_is_refused(weights: bytes) -> None:
    answer = await AsyncClient().get(SMALL, headers={"range": f"bytes={SIZE}-"})
    assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{SIZE}")


@pytest.mark.parametrize(
    "header",
    ["", "bytes=-", "bytes=1-2,4-5", "bytes=9-3", "pages=1-2", "bytes=one-two", f"bytes=0-{'9' * 5_000}"],
)
def test_what_is_no_single_range_is_answered_whole(header: str) -> None:
    assert parse_range_header(header, 10) is None


def test_the_last_none_of_bytes_are_no_range() -> None:
    with pytest.raises(RangeNotSatisfiable):
        parse_range_header("bytes=-0", 10)


@pytest.mark.parametrize(
    "name",
    [QWEN_HALF.sha256, "0" * 64, "passwd", SMOLLM2.sha256.upper(), "..%2f..%2fsecrets%2fdjango", "../table"],
)
async def test_only_known_hashes_whose_weights_are_here_are_answered(weights: bytes, name: str) -> None:
    assert (await AsyncClient().get(f"/on-device/weights/{name}.gguf")).status_code == 404


async def test_nothing_can_be_posted_to_weights(weights: bytes) -> None:
    assert (await AsyncClient().post(SMALL)).status_code == 405


async def test_an_incomplete_file_is_not_listed(folder: Path) -> None:
    (folder / SMOLLM2.file_name).write_bytes(b"GGUF")
    assert (await AsyncClient().get(SMALL)).status_code == 404


async def test_a_large_file_is_never_in_memory(tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(READ_MB << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    longest = total = 0
    async for piece in iterate_file_range(large, range(READ_MB << 20)):
        longest, total = max(longest, len(piece)), total + len(piece)
    assert (longest, total) == (CHUNK_BYTES, READ_MB << 20)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10


async def test_the_file_is_closed_when_reading_stops(weights: bytes, folder: Path) -> None:
    pieces = iterate_file_range(folder / SMOLLM2.file_name, range(SIZE))
    await anext(pieces)
    await pieces.aclose()
    assert str(folder / SMOLLM2.file_name) not in {file.path for file in psutil.Process().open_files()}
