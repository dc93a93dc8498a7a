"""A client that behaves as an open page does: it reconnects, resumes turns and records what it has shown."""

import asyncio
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from aggregator.domain.events import decode
from aggregator.domain.turn_state import TurnState

Message = dict[str, Any]
RECONNECT_SECONDS = 0.2


@dataclass(slots=True)
class ShownTurn:
    """The state of one turn on a page, and the longest text shown of each (candidate, attempt)."""

    client_id: str
    turn: str = ""
    seq: int = 0
    gaps: int = 0
    state: TurnState = field(default_factory=TurnState)
    shown: dict[tuple[str, int], str] = field(default_factory=dict)
    sent_at: float = 0.0
    first_text_at: float = 0.0
    texts_ended_at: float = 0.0
    closed_at: float = 0.0
    frames: int = 0
    bytes: int = 0

    @property
    def is_over(self) -> bool:
        """Whether the page has received the end of the turn."""
        return self.state.status != "running"

    def apply(self, message: Message, *, size: int = 0) -> bool:
        """Apply a frame as static/js/state/turn_feed.js does; return False if earlier events are missing."""
        self.frames += 1
        self.bytes += size
        events, seq = message["events"], int(message["seq"])
        if seq <= self.seq:
            return True
        after = seq - len(events)
        is_start = message.get("whole") or (self.seq == 0 and events[0]["type"] == "turn_opened")
        if after > self.seq and not is_start:
            self.gaps += 1
            self.seq = 0 if self.gaps > 1 else self.seq
            return False
        if is_start:
            self.state = TurnState()
        for document in events[0 if is_start else self.seq - after :]:
            self.state.apply(decode(document))
        self.seq, self.gaps = seq, 0
        self._record()
        return True

    def _record(self) -> None:
        for candidate in self.state.candidates.values():
            if candidate.text and not self.first_text_at:
                self.first_text_at = time.monotonic()
            key = (candidate.candidate, candidate.attempt)
            before = self.shown.get(key, "")
            if len(candidate.text) >= len(before) or not candidate.text.startswith(before[:1]):
                self.shown[key] = candidate.text
        ended = [
            candidate.status in {"done", "failed", "stopped"} for candidate in self.state.candidates.values()
        ]
        if ended and all(ended) and not self.texts_ended_at:
            self.texts_ended_at = time.monotonic()
        if self.is_over and not self.closed_at:
            self.closed_at = time.monotonic()


class Page:
    """One open page of one user, which reconnects whenever the connection is lost."""

    def __init__(self, url: str, cookie: str, *, reloads: bool = False) -> None:
        self._url, self._cookie, self._reloads = url, cookie, reloads
        self.turns: list[ShownTurn] = []
        self.requests: dict[str, Message] = {}
        self.reconnects = 0
        self.closed_with: list[int] = []
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._changed = asyncio.Event()
        self._connection_task: asyncio.Task[None] | None = None

    def open(self, session: aiohttp.ClientSession) -> None:
        """Connect, and reconnect until the page is closed."""
        self._connection_task = asyncio.create_task(self._keep_connected(session))

    async def close(self) -> None:
        """Close the page."""
        if self._connection_task:
            self._connection_task.cancel()
            await asyncio.gather(self._connection_task, return_exceptions=True)

    async def ask(self, prompt: str, **requests: object) -> ShownTurn:
        """Open a turn and return it while it is running."""
        turn = ShownTurn(str(uuid.uuid4()), sent_at=time.monotonic())
        self.turns.append(turn)
        request = {"type": "open_turn", "client_id": turn.client_id, "conversation": None, "prompt": prompt}
        self.requests[turn.client_id] = {**request, "panel": None, "strategy": None, **requests}
        await self._send(self.requests[turn.client_id])
        return turn

    async def wait(self, turn: ShownTurn, seconds: float) -> bool:
        """Wait for the end of a turn; return False if it does not come in time."""
        try:
            async with asyncio.timeout(seconds):
                while not turn.is_over:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def _keep_connected(self, session: aiohttp.ClientSession) -> None:
        headers = {"Cookie": self._cookie, "Origin": self._url}
        while True:
            try:
                async with session.ws_connect(
                    f"{self._url}/ws/", headers=headers, autoping=True, max_msg_size=0
                ) as socket:
                    self._socket = socket
                    await self._resume_turns()
                    async for message in socket:
                        if message.type != aiohttp.WSMsgType.TEXT:
                            break
                        await self._receive(message.data)
                    self.closed_with.append(socket.close_code or 0)
            except (aiohttp.ClientError, OSError, TimeoutError):
                pass
            self._socket = None
            self.reconnects += 1
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _resume_turns(self) -> None:
        for turn in self.turns:
            if not turn.turn:
                await self._send(self.requests[turn.client_id])
            elif not turn.is_over:
                if self._reloads:
                    turn.seq, turn.state = 0, TurnState()
                await self._resume(turn)

    async def _resume(self, turn: ShownTurn) -> None:
        await self._send({"type": "resume", "turn": turn.turn, "after_seq": turn.seq})

    async def _receive(self, text: str) -> None:
        message = json.loads(text)
        if message["type"] == "opened":
            self._find("client_id", message["client_id"]).turn = message["turn"]
        elif message["type"] == "frame":
            turn = self._find("turn", message["turn"])
            if not turn.apply(message, size=len(text)):
                await self._resume(turn)
        elif message["type"] == "refused":
            await asyncio.sleep(RECONNECT_SECONDS)
            await self._resume_turns()
        self._changed.set()

    def _find(self, name: str, value: str) -> ShownTurn:
        return next(turn for turn in self.turns if getattr(turn, name) == value)

    async def _send(self, message: Message) -> None:
        if self._socket and not self._socket.closed:
            try:
                await self._socket.send_json(message)
            except (ConnectionError, aiohttp.ClientError):
                return
