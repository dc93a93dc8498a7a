"""Loads of the turn bench, and what a round of one shows."""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bench.sites.pages import Page, ShownTurn
from bench.sites.site import Site
from config.home import ROOT

SEATS = 4
TURN_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Load:
    """So many chats at once, spread over some seconds, each asking four models for so many tokens."""

    name: str
    chats: int
    tokens: int
    rate: float
    spread_s: float
    repeats: int = 1

    @property
    def models(self) -> list[str]:
        """The names that tell the provider what to say."""
        return [f"tokens:{self.tokens}@{self.rate:g}"] * SEATS

    @property
    def all_tokens(self) -> int:
        """How many tokens reach the pages."""
        return self.chats * self.tokens * SEATS * self.repeats


@dataclass(slots=True)
class Round:
    """What one round of a load showed of one unit."""

    ttft_s: list[float] = field(default_factory=list)
    total_s: list[float] = field(default_factory=list)
    late_s: list[float] = field(default_factory=list)
    cpu_s: dict[str, float] = field(default_factory=dict)
    frames: int = 0
    bytes: int = 0
    failed: int = 0


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


async def run_direct(load: Load, provider: str, session: aiohttp.ClientSession) -> Round:
    """Ask the provider with nothing in between."""
    shown = Round()

    async def chat(place: int) -> None:
        await asyncio.sleep(load.spread_s * place / load.chats)
        began = time.monotonic()
        seats = await asyncio.gather(*(_stream(session, provider, model) for model in load.models))
        shown.ttft_s.append(min(first for first, _ in seats) - began)
        shown.total_s.append(max(last for _, last in seats) - began)

    for _ in range(load.repeats):
        await asyncio.gather(*(chat(place) for place in range(load.chats)))
    return shown


async def _stream(session: aiohttp.ClientSession, provider: str, model: str) -> tuple[float, float]:
    body = {"model": model, "messages": [{"role": "user", "content": "hello"}], "stream": True}
    first = 0.0
    async with session.post(f"{provider}/v1/chat/completions", json=body) as reply:
        async for received in reply.content.iter_any():
            if not first and b'"content":' in received:
                first = time.monotonic()
    return first, time.monotonic()


async def run_site(load: Load, site: Site, pages: Sequence[Page], panel: list[str]) -> Round:
    """Ask through the site, one open page a chat."""
    shown = Round()
    parts = [name for name in ("web", "worker") if name in site.children]
    before = {part: site.cpu_seconds(part) for part in parts}

    async def chat(place: int, page: Page) -> None:
        await asyncio.sleep(load.spread_s * place / load.chats)
        turn = await page.ask("hello", panel=panel, strategy="best")
        if not await page.wait(turn, TURN_SECONDS):
            shown.failed += 1
            return
        _note(turn, load, shown)

    for _ in range(load.repeats):
        await asyncio.gather(*(chat(n, page) for n, page in enumerate(pages[: load.chats])))
    shown.cpu_s = {part: site.cpu_seconds(part) - before[part] for part in parts}
    return shown


def _note(turn: ShownTurn, load: Load, shown: Round) -> None:
    shown.ttft_s.append(turn.first_text_at - turn.asked_at)
    shown.total_s.append(turn.texts_ended_at - turn.asked_at)
    # How far behind its even pace a frame came in, once the first was there.
    pace = (load.tokens - 1) / load.rate if load.rate else 0.0
    shown.late_s.append(max(0.0, turn.texts_ended_at - turn.first_text_at - pace))
    shown.frames += turn.frames
    shown.bytes += turn.bytes


class LitellmAlone:
    """The process of `litellm_alone`, kept on one processor."""

    def __init__(self, provider: str, core: int) -> None:
        command = ["taskset", "-c", str(core), sys.executable, "-m", "bench.sites.litellm_alone"]
        self.memory = 0
        self._process = subprocess.Popen(
            [*command, f"{provider}/v1"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._read()

    def run(self, load: Load) -> Round:
        """Run a load and return what it showed."""
        shown = Round(cpu_s={"litellm": 0.0})
        for _ in range(load.repeats):
            wish = {"chats": load.chats, "models": load.models, "spread_s": load.spread_s}
            if self._process.stdin:
                self._process.stdin.write(json.dumps(wish) + "\n")
                self._process.stdin.flush()
            told: dict[str, Any] = json.loads(self._read())
            shown.cpu_s["litellm"] += told["cpu_s"]
            self.memory = told["memory"]
            shown.ttft_s += [chat["ttft_s"] for chat in told["chats"]]
            shown.total_s += [chat["total_s"] for chat in told["chats"]]
        return shown

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()

    def _read(self) -> str:
        return self._process.stdout.readline() if self._process.stdout else ""


def median(values: Sequence[float]) -> float:
    """Return the middle of some values, or 0 when there are none."""
    return statistics.median(values) if values else 0.0
