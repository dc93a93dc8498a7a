"""Open WebUI as a unit under test: one worker, its own database, one signed-in page that hears all."""

import asyncio
import json
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from bench.engines.loads import Load, Round, Shown, drive
from bench.engines.peers import OPEN_WEBUI, PeerProcess, install

TURN_SECONDS = 120.0
DELTA, COMPLETION, ERROR = "response:completion", "chat:completion", "chat:message:error"
SURROUNDINGS = {
    "WEBUI_AUTH": "False",
    "WEBUI_SECRET_KEY": "of-a-bench-" + "x" * 40,
    "OPENAI_API_KEY": "none",
    "ENABLE_PERSISTENT_CONFIG": "False",
    "ENABLE_OLLAMA_API": "False",
    "RAG_EMBEDDING_ENGINE": "openai",
    "HF_HUB_OFFLINE": "1",
    "ENABLE_TITLE_GENERATION": "False",
    "ENABLE_TAGS_GENERATION": "False",
    "ENABLE_FOLLOW_UP_GENERATION": "False",
    "ENABLE_VERSION_UPDATE_CHECK": "False",
    "GLOBAL_LOG_LEVEL": "ERROR",
    "ANONYMIZED_TELEMETRY": "False",
    "DO_NOT_TRACK": "true",
    "SCARF_NO_ANALYTICS": "true",
}


def start_open_webui(folder: Path, home: Path, provider: str, models: list[str]) -> PeerProcess:
    """Start it with some models of the provider."""
    program = install(OPEN_WEBUI, folder)
    known = {"0": {"enable": True, "model_ids": models}}
    place = {"OPENAI_API_BASE_URL": f"{provider}/v1", "OPENAI_API_CONFIGS": json.dumps(known)}
    surroundings = {**SURROUNDINGS, **place, "DATA_DIR": str(home / "data")}
    return PeerProcess((str(program), "serve"), home, "/health", surroundings)


@dataclass(slots=True)
class Asked:
    """A turn that is waited for."""

    shown: Shown
    over: "asyncio.Future[None]"
    seats: int
    seats_over: int = 0


class OpenWebui:
    """It, with a page open."""

    name = "owui"

    def __init__(self, process: PeerProcess) -> None:
        self._process = process
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self._asked: dict[str, Asked] = {}
        self._sid = ""
        self._hearing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Sign in and open the socket."""
        url = self._process.url
        async with self._session.post(
            f"{url}/api/v1/auths/signin", json={"email": "", "password": ""}
        ) as reply:
            token = (await reply.json())["token"]
        self._session.headers["Authorization"] = f"Bearer {token}"
        async with self._session.get(f"{url}/api/models") as reply:
            await reply.read()
        socket = await self._session.ws_connect(
            f"{url}/ws/socket.io/?EIO=4&transport=websocket", max_msg_size=0
        )
        await socket.receive_str()
        await socket.send_str("40" + json.dumps({"token": token}))
        self._sid = json.loads((await socket.receive_str())[2:])["sid"]
        await socket.send_str("42" + json.dumps(["user-join", {"auth": {"token": token}}]))
        self._hearing = asyncio.create_task(self._hear(socket))

    async def run(self, load: Load) -> Round:
        """Put it under a load."""
        before = self._process.cpu_seconds()
        found = await drive(load, lambda _: self._ask(load))
        found.cpu_s = {self.name: self._process.cpu_seconds() - before}
        return found

    async def close(self) -> None:
        """Leave."""
        if self._hearing:
            self._hearing.cancel()
            await asyncio.gather(self._hearing, return_exceptions=True)
        await self._session.close()

    async def _ask(self, load: Load) -> Shown:
        asked = Asked(Shown(), asyncio.get_running_loop().create_future(), load.seats)
        seats = {str(uuid.uuid4()): load.model for _ in range(load.seats)}
        self._asked |= dict.fromkeys(seats, asked)
        url = f"{self._process.url}/api/chat/completions"
        async with self._session.post(url, json=self._wish(load, seats)) as reply:
            if reply.status != 200:
                raise ConnectionError(f"owui: {reply.status} {(await reply.text())[:200]}")
        try:
            await asyncio.wait_for(asked.over, TURN_SECONDS)
        finally:
            for seat in seats:
                del self._asked[seat]
        return asked.shown

    def _wish(self, load: Load, seats: dict[str, str]) -> dict[str, Any]:
        question = {"role": "user", "content": "hello"}
        told = {"id": str(uuid.uuid4()), "parentId": None, "timestamp": int(time.time()), **question}
        return {
            "model": load.model,
            "stream": True,
            "parent_id": None,
            "session_id": self._sid,
            "messages": [question],
            "user_message": {**told, "models": load.models},
            "message_ids": [{"model_id": model, "message_id": seat} for seat, model in seats.items()],
            "params": {},
            "features": {},
            "background_tasks": {},
        }

    async def _hear(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.data == "2":
                await socket.send_str("3")
            elif str(message.data).startswith('42["events"'):
                told = orjson.loads(message.data[2:])[1]
                asked = self._asked.get(told.get("message_id") or "")
                if asked:
                    asked.shown.frames += 1
                    asked.shown.bytes += len(message.data)
                    self._take(told["message_id"], told["data"], asked)

    def _take(self, seat: str, event: dict[str, Any], asked: Asked) -> None:
        told = event.get("data") or {}
        if event["type"] == DELTA and told.get("type") == "response.output_text.delta":
            asked.shown.hear(seat, told["delta"])
        if (event["type"] == COMPLETION and told.get("done")) or event["type"] == ERROR:
            asked.seats_over += 1
            if asked.seats_over == asked.seats and not asked.over.done():
                asked.over.set_result(None)
