"""A small websocket client (RFC 6455), so that the client is not what limits the bench.

It reads unfragmented, uncompressed text frames and skips checks of the handshake that a loopback peer needs
not pass.
"""

import asyncio
import base64
import os
from collections.abc import Callable
from typing import Self, cast
from urllib.parse import urlsplit

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
LONG, HUGE = 126, 127
OPEN_SECONDS = 30.0


class WebSocketClient(asyncio.Protocol):
    """One connection, which passes every text frame to `on_text` as bytes."""

    def __init__(self, request: bytes, on_text: Callable[[bytes], None]) -> None:
        self._request, self._on_text = request, on_text
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._is_open = False
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    async def connect(cls, url: str, path: str, cookie: str, on_text: Callable[[bytes], None]) -> Self:
        """Open a websocket with the headers of a page of that site."""
        place = urlsplit(url)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {path} HTTP/1.1",
            f"Host: {place.netloc}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            f"Origin: {url}",
            f"Cookie: {cookie}",
        ]
        request = ("\r\n".join(lines) + "\r\n\r\n").encode()
        loop = asyncio.get_running_loop()
        _, socket = await loop.create_connection(
            lambda: cls(request, on_text), place.hostname or "", place.port or 80
        )
        await asyncio.wait_for(socket.opened, OPEN_SECONDS)
        return socket

    def send(self, text: str | bytes, kind: int = TEXT) -> None:
        """Send a frame, masked with zeros: a client must mask, and this mask changes nothing."""
        body = text.encode() if isinstance(text, str) else text
        if len(body) < LONG:
            size = bytes([0x80 | len(body)])
        else:
            size = bytes([0x80 | LONG]) + len(body).to_bytes(2, "big")
        if self._transport:
            self._transport.write(bytes([0x80 | kind]) + size + bytes(4) + body)

    async def close(self) -> None:
        """Disconnect."""
        if self._transport:
            self._transport.abort()
        await self.closed

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the handshake."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        """Resolve the futures `opened` and `closed`."""
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("closed before it was open"))
        if not self.closed.done():
            self.closed.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Read the handshake's answer, then frames."""
        self._buffer += data
        if not self._is_open:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head.split(b"\r\n", 1)[0]:
                self.opened.set_exception(ConnectionError(head[:80].decode(errors="replace")))
                return
            self._is_open, self._buffer = True, rest
            self.opened.set_result(None)
        self._read_frames()

    def _read_frames(self) -> None:
        buffer, at = self._buffer, 0
        while len(buffer) - at >= 2:
            size, start = buffer[at + 1] & 0x7F, at + 2
            if size >= LONG:
                start += 2 if size == LONG else 8
                if len(buffer) < start:
                    break
                size = int.from_bytes(buffer[at + 2 : start], "big")
            if len(buffer) < start + size:
                break
            self._take(buffer[at] & 0x0F, bytes(buffer[start : start + size]))
            at = start + size
        del buffer[:at]

    def _take(self, kind: int, body: bytes) -> None:
        if kind == TEXT:
            self._on_text(body)
        elif kind == PING:
            self.send(body, PONG)
        elif kind == CLOSE and self._transport:
            self._transport.close()
