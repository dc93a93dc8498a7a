"""Open WebUI as a unit under test: one worker, its own database, one signed-in page."""

import asyncio
import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from bench.turns.loads import Load, ObservedTurn, Round, run_load
from bench.turns.prompts.source import Prompt
from bench.turns.units.messages import ChatMessages, Message
from bench.turns.units.peers import OPEN_WEBUI, PeerProcess, install

TURN_SECONDS = 120.0
DELTA, COMPLETION, ERROR = "response:completion", "chat:completion", "chat:message:error"
ENVIRONMENT = {
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


def start_open_webui(folder: Path, data_dir: Path, provider: str, models: list[str]) -> PeerProcess:
    """Start Open WebUI with these models of the provider."""
    program = install(OPEN_WEBUI, folder)
    configs = {"0": {"enable": True, "model_ids": models}}
    endpoint = {"OPENAI_API_BASE_URL": f"{provider}/v1", "OPENAI_API_CONFIGS": json.dumps(configs)}
    variables = {**ENVIRONMENT, **endpoint, "DATA_DIR": str(data_dir / "data")}
    return PeerProcess((str(program), "serve"), data_dir, "/health", variables)


@dataclass(slots=True)
class PendingTurn:
    """A turn whose answers are still streaming."""

    shown: ObservedTurn
    over: "asyncio.Future[None]"
    slots: int
    slots_over: int = 0


class OpenWebui:
    """Open WebUI with one page open."""

    name = "owui"

    def __init__(self, process: PeerProcess) -> None:
        self._process = process
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self._pending: dict[str, PendingTurn] = {}
        self._sid = ""
        self._chats = ChatMessages()
        self._receive_task: asyncio.Task[None] | None = None

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
        self._receive_task = asyncio.create_task(self._receive(socket))

    async def run(self, load: Load, prompts: Sequence[Prompt]) -> Round:
        """Run a load and return its measurements."""
        before = self._process.cpu_seconds()
        found = await run_load(load, prompts, lambda chat, prompt: self._ask(load, chat, prompt))
        found.cpu_s = {self.name: self._process.cpu_seconds() - before}
        return found

    async def close(self) -> None:
        """Close the page."""
        if self._receive_task:
            self._receive_task.cancel()
            await asyncio.gather(self._receive_task, return_exceptions=True)
        await self._session.close()

    async def _ask(self, load: Load, chat: int, prompt: Prompt) -> ObservedTurn:
        pending = PendingTurn(ObservedTurn(), asyncio.get_running_loop().create_future(), load.panel_size)
        slots = {str(uuid.uuid4()): load.model for _ in range(load.panel_size)}
        self._pending |= dict.fromkeys(slots, pending)
        url = f"{self._process.url}/api/chat/completions"
        body = self._request_body(load, slots, self._chats.build(chat, prompt, load.tokens))
        async with self._session.post(url, json=body) as reply:
            if reply.status != 200:
                raise ConnectionError(f"owui: {reply.status} {(await reply.text())[:200]}")
        try:
            await asyncio.wait_for(pending.over, TURN_SECONDS)
        finally:
            for slot in slots:
                del self._pending[slot]
        return pending.shown

    def _request_body(self, load: Load, slots: dict[str, str], messages: list[Message]) -> dict[str, Any]:
        message = {"id": str(uuid.uuid4()), "parentId": None, "timestamp": int(time.time()), **messages[-1]}
        return {
            "model": load.model,
            "stream": True,
            "parent_id": None,
            "session_id": self._sid,
            "messages": messages,
            "user_message": {**message, "models": load.models},
            "message_ids": [{"model_id": model, "message_id": slot} for slot, model in slots.items()],
            "params": {},
            "features": {},
            "background_tasks": {},
        }

    async def _receive(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            if message.data == "2":
                await socket.send_str("3")
            elif str(message.data).startswith('42["events"'):
                event = orjson.loads(message.data[2:])[1]
                pending = self._pending.get(event.get("message_id") or "")
                if pending:
                    pending.shown.frames += 1
                    pending.shown.bytes += len(message.data)
                    self._take(event["message_id"], event["data"], pending)

    def _take(self, slot: str, event: dict[str, Any], pending: PendingTurn) -> None:
        data = event.get("data") or {}
        if event["type"] == DELTA and data.get("type") == "response.output_text.delta":
            pending.shown.receive_text(slot, data["delta"])
        if (event["type"] == COMPLETION and data.get("done")) or event["type"] == ERROR:
            pending.slots_over += 1
            if pending.slots_over == pending.slots and not pending.over.done():
                pending.over.set_result(None)
