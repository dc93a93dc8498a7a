"""A snapshot is fetched whole, or it is said why not."""

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

from ads import fast_store as store
from ads.selection import fetching
from ads.selection.carrier import PIECE_BYTES
from ads.selection.fetching import FEW_BYTES, fetch

pytestmark = pytest.mark.usefixtures("valkey")
Answer = Callable[[socket.socket], None]


@contextmanager
def another_store(monkeypatch: pytest.MonkeyPatch, answer: Answer) -> Iterator[None]:
    """A store on this machine that says hello and how long a text is, and then gives it out like this."""
    door = socket.create_server(("127.0.0.1", 0))

    def receive() -> None:
        line, _ = door.accept()
        with line:
            while heard := line.recv(65536):
                if b"GETRANGE" in heard:
                    return answer(line)
                line.sendall(b":10\r\n" if b"STRLEN" in heard else b"+OK\r\n" * heard.count(b"*"))

    thread = threading.Thread(target=receive)
    thread.start()
    client = redis.Redis(
        host="127.0.0.1",
        port=door.getsockname()[1],
        protocol=2,
        socket_timeout=1,
        retry=Retry(NoBackoff(), 0),
    )
    monkeypatch.setattr(fetching, "fast_store", lambda: client)
    try:
        yield
    finally:
        thread.join()
        door.close()


@pytest.mark.parametrize(
    "size", [1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, FEW_BYTES, FEW_BYTES + 1, 2 * FEW_BYTES + 7]
)
def test_what_is_kept_comes_whole_and_cannot_be_changed(size: int) -> None:
    blob = os.urandom(size)
    store.fast_store().set(store.key("snapshot", "long"), blob)
    fetched = fetch(store.key("snapshot", "long"))
    assert fetched is not None
    assert fetched.readonly
    assert fetched == blob


def test_what_is_not_kept_is_none() -> None:
    assert fetch(store.key("snapshot", "never")) is None


def test_what_is_no_text_is_refused() -> None:
    store.fast_store().rpush(store.key("snapshot", "list"), "one")
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        fetch(store.key("snapshot", "list"))


def test_a_store_that_is_away_is_an_error_of_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    client = redis.Redis(host="127.0.0.1", port=1)
    monkeypatch.setattr(fetching, "fast_store", lambda: client)
    with pytest.raises(redis.RedisError):
        fetch("any")


@pytest.mark.parametrize("said", [b"", b"$10", b"$10\r\nabc"])
def test_a_store_that_hangs_up_halfway_is_an_error(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    with another_store(monkeypatch, lambda line: line.sendall(said)), pytest.raises(redis.ConnectionError):
        fetch("any")


@pytest.mark.parametrize("said", [b"$0\r\n\r\n", b"$3\r\nabc\r\n"])
def test_what_goes_away_meanwhile_is_an_error(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    with (
        another_store(monkeypatch, lambda line: line.sendall(said)),
        pytest.raises(redis.DataError, match="went away"),
    ):
        fetch("any")


def test_a_store_that_falls_silent_is_not_waited_for_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    is_over = threading.Event()

    def fall_silent(line: socket.socket) -> None:
        line.sendall(b"$10\r\nabc")
        is_over.wait(30)

    with another_store(monkeypatch, fall_silent):
        with pytest.raises(redis.TimeoutError):
            fetch("any")
        is_over.set()


def test_what_is_large_is_not_waited_for_when_nobody_can_carry_it(settings: Settings) -> None:
    name = store.key("snapshot", "large")
    store.fast_store().set(name, bytes(FEW_BYTES + 1))
    settings.REDIS_URL = "redis://:secret@127.0.0.1:1/0"
    with pytest.raises(redis.RedisError, match=f"{name} was not carried") as caught:
        fetch(name)
    assert "secret" not in str(caught.value)
