"""A TCP proxy between two processes that records every byte of one direction."""

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self


class RecordingProxy:
    """Listens on a free port, forwards both directions, and records what clients send."""

    def __init__(self, port: int) -> None:
        self._to = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._received: list[bytearray] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    @property
    def received(self) -> str:
        """The text that clients sent so far, one connection after another."""
        with self._lock:
            return "\n".join(whole.decode("utf-8", "replace") for whole in self._received)

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            service = socket.create_connection(self._to)
            whole = bytearray()
            with self._lock:
                self._received.append(whole)
            for source, sink, kept in ((caller, service, whole), (service, caller, bytearray())):
                threading.Thread(target=self._pump, args=(source, sink, kept), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, kept: bytearray) -> None:
        # The end of one side's stream, or an error on it, closes the other side's.
        with suppress(OSError):
            while piece := source.recv(65536):
                with self._lock:
                    kept += piece
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)
