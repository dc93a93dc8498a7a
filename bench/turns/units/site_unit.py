"""Our site as a unit under test, with a page for every chat that only counts what it receives."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import orjson

from bench.turns.loads import Load, ObservedTurn, Round, run_load
from bench.turns.prompts.source import Prompt
from bench.turns.units.websocket_client import WebSocketClient
from testing.site.processes import Site

TURN_SECONDS = 120.0
STORES = ("postgres", "valkey")
PARTS = ("web", "worker")


@dataclass(slots=True)
class PendingTurn:
    """A turn that a page is waiting for; `models` maps candidates to models."""

    shown: ObservedTurn
    over: "asyncio.Future[str]"
    turn: str = ""
    models: dict[str, str] = field(default_factory=dict)
    seq: int = 0

    def follow(self, message: dict[str, Any]) -> None:
        """Record a gap in the sequence numbers as a fault; a real page would ask for the missing events."""
        if message["turn"] == self.turn and not message.get("whole"):
            before = message["seq"] - len(message["events"])
            if before > self.seq:
                self.shown.faults.append(f"gap of {before - self.seq} after {self.seq}")
        if message["turn"] == self.turn:
            self.seq = message["seq"]


class LightPage:
    """A page that records what it receives and when, and reduces no state, so that it costs little."""

    def __init__(self) -> None:
        self._socket: WebSocketClient | None = None
        self._pending: PendingTurn | None = None
        self.conversation: str | None = None

    @classmethod
    async def open(cls, url: str, cookie: str) -> Self:
        """Connect as the user of this session cookie."""
        page = cls()
        page._socket = await WebSocketClient.connect(url, "/ws/", cookie, page._receive)
        return page

    async def ask(self, panel: list[str], prompt: str, *, conversation: str | None = None) -> PendingTurn:
        """Open a turn and wait for its end; without a panel the site chooses one. Raises TimeoutError."""
        pending = self._pending = PendingTurn(ObservedTurn(), asyncio.get_running_loop().create_future())
        request = {"client_id": str(uuid.uuid4()), "conversation": conversation, "prompt": prompt}
        if self._socket:
            self._socket.send(
                orjson.dumps({"type": "open_turn", **request, "panel": panel, "strategy": "best"})
            )
        await asyncio.wait_for(asyncio.shield(pending.over), TURN_SECONDS)
        return pending

    async def close(self) -> None:
        """Disconnect."""
        if self._socket:
            await self._socket.close()

    def _receive(self, body: bytes) -> None:
        message, pending = orjson.loads(body), self._pending
        if pending is None:
            return
        pending.shown.mark(message["type"])
        if message["type"] == "frame":
            pending.shown.frames += 1
            pending.shown.bytes += len(body)
            pending.follow(message)
            for event in message["events"]:
                self._take(event, pending, is_whole=bool(message.get("whole")))
        elif message["type"] == "opened":
            self.conversation, pending.turn = message["conversation"], message["turn"]
        elif message["type"] == "refused" and not pending.over.done():
            pending.over.set_exception(ConnectionError(message["code"]))

    def _take(self, event: dict[str, Any], pending: PendingTurn, *, is_whole: bool) -> None:
        kind = event["type"]
        pending.shown.mark(kind)
        if kind == "candidate_delta":
            pending.shown.receive_text(event["candidate"], event["text"], again=is_whole)
        elif kind == "more":
            pending.shown.receive_text(list(pending.models)[event["seat"]], event["text"])
        elif kind == "route_chosen":
            pending.models = {member["candidate"]: member["model"] for member in event["panel"]}
        elif kind == "answer_finished":
            pending.shown.is_help = event.get("kind") == "help"
        elif kind == "candidate_finished" and event["finish_reason"] != "stop":
            pending.shown.faults.append(
                f"{event['status']} {event['finish_reason']} {event.get('error', '')}"
            )
        elif kind == "turn_closed" and not pending.over.done():
            pending.over.set_result(event["status"])


class SiteUnit:
    """The site whose turns run in its web process (`here`) or in a worker."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.name = site.runner
        self.pages: list[LightPage] = []

    async def open_pages(self, count: int) -> None:
        """Open pages of different users until there are `count`."""
        for cookie in self.site.cookies[len(self.pages) : count]:
            self.pages.append(await LightPage.open(self.site.url, cookie))

    async def run(self, load: Load, prompts: Sequence[Prompt]) -> Round:
        """Run a load with one page per chat."""
        await self.open_pages(load.chats)
        panel = [] if load.is_automatic else self.site.panel(load.model, load.panel_size)
        parts = [name for name in (*PARTS, *STORES) if name in self.site.children]
        before = {part: self.site.cpu_seconds(part) for part in parts}

        async def ask(chat: int, prompt: Prompt) -> ObservedTurn:
            page = self.pages[chat]
            conversation = page.conversation if prompt.is_follow_up else None
            pending = await page.ask(panel, prompt.text, conversation=conversation)
            pending.shown.panel_size = len(pending.models)
            return pending.shown

        found = await run_load(load, prompts, ask)
        found.cpu_s = {part: self.site.cpu_seconds(part) - before[part] for part in parts}
        return found

    async def close(self) -> None:
        """Close the pages; the harness stops the site."""
        await asyncio.gather(*(page.close() for page in self.pages))
