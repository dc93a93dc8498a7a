"""Units that stream chat completions as server-sent events: the bare provider, and LiteLLM proxy."""

import asyncio
from collections.abc import Callable, Sequence

import aiohttp
import orjson

from bench.turns.loads import Load, ObservedTurn, Round, run_load
from bench.turns.prompts.source import Prompt
from bench.turns.units.messages import ChatMessages, Message

STREAM_SECONDS = 120.0


class SseUnit:
    """A chat completions endpoint, sent one request per panel slot; `cpu` returns its processor time."""

    def __init__(
        self, name: str, base: str, *, key: str = "none", cpu: Callable[[], float] = lambda: 0.0
    ) -> None:
        self.name = name
        self._url = f"{base}/v1/chat/completions"
        self._headers = {"Authorization": f"Bearer {key}"}
        self._cpu = cpu
        self._chats = ChatMessages()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(STREAM_SECONDS)
        )

    async def run(self, load: Load, prompts: Sequence[Prompt]) -> Round:
        """Run a load and return its measurements."""

        async def ask(chat: int, prompt: Prompt) -> ObservedTurn:
            shown, messages = ObservedTurn(), self._chats.build(chat, prompt, load.tokens)
            slots = range(load.panel_size)
            await asyncio.gather(*(self._stream(shown, str(slot), load.model, messages) for slot in slots))
            return shown

        before = self._cpu()
        found = await run_load(load, prompts, ask)
        found.cpu_s = {self.name: self._cpu() - before}
        return found

    async def close(self) -> None:
        """Close its connections."""
        await self._session.close()

    async def _stream(self, shown: ObservedTurn, slot: str, model: str, messages: list[Message]) -> None:
        body = {"model": model, "messages": messages, "stream": True}
        rest = b""
        async with self._session.post(self._url, json=body, headers=self._headers) as reply:
            if reply.status != 200:
                raise ConnectionError(f"{self.name}: {reply.status} {(await reply.text())[:200]}")
            async for received in reply.content.iter_any():
                *lines, rest = (rest + received).split(b"\n")
                for line in lines:
                    shown.bytes += len(line) + 1
                    if line.startswith(b"data: {"):
                        shown.frames += 1
                        for choice in orjson.loads(line[6:])["choices"]:
                            shown.receive_text(slot, choice["delta"].get("content") or "")
