"""The client's deadline is a total: a service that sends a byte now and then cannot prolong it."""

import socket
import threading
from collections.abc import Iterator

import pytest

from ads.client import call_service

# Ten seconds of bytes, far more than the deadline.
BYTES, PAUSE_SECONDS, DEADLINE_SECONDS = 500, 0.02, 0.3


class TricklingServer:
    """Answers one request on loopback, a byte at a time, and counts the bytes until the client leaves."""

    def __init__(self, head: bytes) -> None:
        self.head, self.sent = head, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.left = threading.Event()
        self.thread = threading.Thread(target=self._answer, daemon=True)
        self.thread.start()

    def _answer(self) -> None:
        connection, _ = self.listener.accept()
        with connection:
            connection.recv(65_536)
            try:
                connection.sendall(self.head)
                while self.sent < BYTES and not self.left.wait(PAUSE_SECONDS):
                    connection.sendall(b" ")
                    self.sent += 1
            except OSError:
                self.left.set()


@pytest.fixture(params=["", "Content-Length: 500\r\n"], ids=["no-length", "length"])
def server(request: pytest.FixtureRequest) -> Iterator[TricklingServer]:
    """A slow server, with and without the length of its reply."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{request.param}Connection: close\r\n\r\n"
    running = TricklingServer(head.encode())
    yield running
    running.left.set()
    running.thread.join(10)
    running.listener.close()


def test_the_deadline_ends_a_reply_that_trickles(server: TricklingServer) -> None:
    with pytest.raises(TimeoutError):
        call_service(server.url, "select/", b"{}", DEADLINE_SECONDS)
    assert server.left.wait(5)
    assert server.sent < BYTES
