"""A snapshot is downloaded completely, or an error is raised."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import redis
from pytest_django import Settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from ads.infra import redis_client as store
from ads.selection.serving import snapshot_store
from ads.selection.serving.snapshot_store import INLINE_BYTES, fetch_blob
from ads.selection.serving.snapshot_subprocess import CHUNK_BYTES

pytestmark = pytest.mark.usefixtures("valkey")
Answer = Callable[[socket.socket], None]


@contextmanager
def another_store(monkeypatch: pytest.MonkeyPatch, answer: Answer) -> Iterator[None]:
    """A fake Valkey server that answers HELLO and STRLEN and then sends the value like this."""
    listener = socket.create_server(("127.0.0.1", 0))

    def receive() -> None:
        connection, _ = listener.accept()
        with connection:
            while received := connection.recv(65536):
                if b"GETRANGE" in received:
                    return answer(connection)
                connection.sendall(b":10\r\n" if b"STRLEN" in received else b"+OK\r\n" * received.count(b"*"))

    thread = threading.Thread(target=receive)
    thread.start()
    client = redis.Redis(
        host="127.0.0.1",
        port=listener.getsockname()[1],
        protocol=2,
        socket_timeout=1,
        retry=Retry(NoBackoff(), 0),
    )
    monkeypatch.setattr(snapshot_store, "redis_client", lambda: client)
    try:
        yield
    finally:
        thread.join()
        listener.close()


@pytest.mark.parametrize(
    "size",
    [1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, INLINE_BYTES, INLINE_BYTES + 1, 2 * INLINE_BYTES + 7],
)
def test_a_value_is_downloaded_completely_and_is_read_only(size: int) -> None:
    blob = os.urandom(size)
    store.redis_client().set(store.redis_key("snapshot", "long"), blob)
    fetched = fetch_blob(store.redis_key("snapshot", "long"))
    assert fetched is not None
    assert fetched.readonly
    assert fetched == blob


def test_a_missing_key_is_none() -> None:
    assert fetch_blob(store.redis_key("snapshot", "never")) is None


def test_a_value_of_another_type_is_refused() -> None:
    store.redis_client().rpush(store.redis_key("snapshot", "list"), "one")
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        fetch_blob(store.redis_key("snapshot", "list"))


def test_an_unavailable_store_raises_a_redis_error(monkeypatch: pytest.MonkeyPatch) -> None:
    client = redis.Redis(host="127.0.0.1", port=1)
    monkeypatch.setattr(snapshot_store, "redis_client", lambda: client)
    with pytest.raises(redis.RedisError):
        fetch_blob("any")


@pytest.mark.parametrize("reply", [b"", b"$10", b"$10\r\nabc"])
def test_a_store_that_hangs_up_halfway_is_an_error(monkeypatch: pytest.MonkeyPatch, reply: bytes) -> None:
    with (
        another_store(monkeypatch, lambda peer: peer.sendall(reply)),
        pytest.raises(redis.ConnectionError),
    ):
        fetch_blob("any")


@pytest.mark.parametrize("reply", [b"$0\r\n\r\n", b"$3\r\nabc\r\n"])
def test_a_value_removed_during_the_download_is_an_error(
    monkeypatch: pytest.MonkeyPatch, reply: bytes
) -> None:
    with (
        another_store(monkeypatch, lambda peer: peer.sendall(reply)),
        pytest.raises(redis.DataError, match="removed or replaced"),
    ):
        fetch_blob("any")


def test_a_store_that_stops_answering_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    is_over = threading.Event()

    def fall_silent(connection: socket.socket) -> None:
        connection.sendall(b"$10\r\nabc")
        is_over.wait(30)

    with another_store(monkeypatch, fall_silent):
        with pytest.raises(redis.TimeoutError):
            fetch_blob("any")
        is_over.set()


def test_a_large_value_fails_at_once_when_the_subprocess_cannot_start(settings: Settings) -> None:
    name = store.redis_key("snapshot", "large")
    store.redis_client().set(name, bytes(INLINE_BYTES + 1))
    settings.REDIS_URL = "redis://:secret@127.0.0.1:1/0"
    with pytest.raises(redis.RedisError, match=f"{name} was not downloaded") as caught:
        fetch_blob(name)
    assert "secret" not in str(caught.value)
