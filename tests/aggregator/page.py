"""A page's end of the socket, which calls the consumer by ASGI."""

import asyncio
import json
from typing import Any

from asgiref.testing import ApplicationCommunicator
from channels.routing import URLRouter

from accounts.models import User
from aggregator.execution import runner
from aggregator.web.websocket_urls import urlpatterns
from testing.turns import wait_for_turns

Frame = dict[str, Any]
# The first turn of a session loads the libraries and models that later ones find in memory.
TIMEOUT_SECONDS = 40


class Page:
    """One open page; None as the person is a visitor without any session, known by a cookie or not at all."""

    def __init__(self, person: User | None, agent: str = "", *, cookie: str = "", address: str = "") -> None:
        scope: dict[str, Any] = {
            "type": "websocket",
            "path": "/ws/",
            "query_string": b"",
            "headers": [(b"accept-language", b"ko"), (b"user-agent", agent.encode())],
            "subprotocols": [],
        }
        if cookie:
            scope["headers"].append((b"cookie", cookie.encode()))
        if address:
            scope["client"] = (address, 50_000)
        if person is not None:
            scope["user"] = person
        self._socket = ApplicationCommunicator(URLRouter(urlpatterns), scope)

    async def open(self) -> int:
        """Open the socket; returns 0 when it was accepted, else the code it was closed with."""
        await self._socket.send_input({"type": "websocket.connect"})
        reply = await self._socket.receive_output(TIMEOUT_SECONDS)
        return 0 if reply["type"] == "websocket.accept" else int(reply["code"])

    async def send(self, command: object) -> None:
        """Send a command as JSON, or a text as it is."""
        text = command if isinstance(command, str) else json.dumps(command)
        await self._socket.send_input({"type": "websocket.receive", "text": text})

    async def receive(self) -> Frame:
        """Return the next message of the server."""
        reply = await self._socket.receive_output(TIMEOUT_SECONDS)
        frame: Frame = json.loads(reply["text"])
        return frame

    async def receive_turn(self, until: str = "placement_made") -> list[Frame]:
        """Return a turn's events until one of a kind has come."""
        seen: list[Frame] = []
        while not any(event["type"] == until for event in seen):
            seen += (await self.receive()).get("events", [])
        return seen

    async def receive_close(self) -> int:
        """Return the code with which the server ends the socket, which it must do now."""
        reply = await self._socket.receive_output(TIMEOUT_SECONDS)
        assert reply["type"] == "websocket.close"
        return int(reply["code"])

    async def close(self) -> None:
        """Close the socket."""
        await self._socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await self._socket.wait(5)


async def open_page(person: User, agent: str = "") -> Page:
    """Open a page that is accepted, in a browser of that name."""
    page = Page(person, agent)
    assert await page.open() == 0
    return page


async def leave(*pages: Page) -> None:
    """Close pages and what this loop holds for them."""
    for page in pages:
        await page.close()
    # A turn may still be waiting for its ad, which needs the loop.
    await asyncio.wait_for(wait_for_turns(), TIMEOUT_SECONDS)
    await runner.close_loop_resources()
