"""The units of one run, each started when the first row needs it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, Self

from bench.turns.loads import Load, Round
from bench.turns.plans import Plan
from bench.turns.prompts.source import Prompt, PromptSource
from bench.turns.units.litellm_proxy import proxy_unit, start_proxy
from bench.turns.units.litellm_unit import LitellmUnit
from bench.turns.units.open_webui import OpenWebui, start_open_webui
from bench.turns.units.site_unit import SiteUnit
from bench.turns.units.sse_unit import SseUnit
from stack.errors import StackError
from testing.site.processes import Site

UNIT_CORE, CLIENT_CORE = 1, 0
# First the role of `make run` and of production.
ROLES = ("worker", "here")
SETTINGS = {
    "TURNS_OPEN": "5000",
    "TURNS_AT_ONCE": "5000",
    "TURNS_OPEN_EACH": "5000",
    "TURNS_AT_ONCE_EACH": "5000",
    "ACCOUNT_TURNS_PER_DAY": "100000",
    "LOG_LEVEL": "WARNING",
    "TURN_GRACE_MS": "60000",
}
SETTLE_TRIES, IDLE_CPU_S = 80, 0.05
# Longer than a site may keep an earlier list of models in memory.
SNAPSHOT_SECONDS = 9.0
Rounds = dict[str, list[Round]]


class Unit(Protocol):
    """A system under test."""

    name: str

    async def run(self, load: Load, prompts: Sequence[Prompt]) -> Round:
        """Run a load with these prompts and return its measurements."""
        ...

    async def close(self) -> None:
        """Close connections and processes."""
        ...


class Harness:
    """Our sites, the peers and their provider; `folder` holds installed peers, None leaves them out."""

    def __init__(self, plan: Plan, folder: Path | None, users: int, prompts: PromptSource) -> None:
        self.plan = plan
        self.row = ""
        self._prompts = prompts
        self._offered: str | None = None
        self._folder, self._users = folder, users
        self._stack = ExitStack()
        self._units: dict[str, Unit] = {}
        self._absent: set[str] = set()

    async def __aenter__(self) -> Self:
        # The client and the stores share one processor; the unit under test has the other for itself.
        os.sched_setaffinity(0, {CLIENT_CORE})
        self.data_dir = Path(self._stack.enter_context(TemporaryDirectory(prefix="jjamppong-peers-")))
        here = await self.unit("here")
        assert isinstance(here, SiteUnit)  # noqa: S101 - for the type alone
        self.provider = f"http://127.0.0.1:{here.site.provider_port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        for unit in self._units.values():
            await unit.close()
        await asyncio.to_thread(self._stack.close)

    async def unit(self, name: str) -> Unit | None:
        """Return a unit by name, started; None for a peer that is left out."""
        if name not in self._units and name not in self._absent:
            starters = {"here": self._site, "worker": self._site, "proxy": self._peer, "owui": self._peer}
            unit = await starters.get(name, self._plain)(name)
            if unit:
                self._units[name] = unit
        return self._units.get(name)

    async def site(self, name: str) -> SiteUnit:
        """Return one of our own sites."""
        unit = await self.unit(name)
        if not isinstance(unit, SiteUnit):
            raise TypeError(f"{name} is not a site")
        return unit

    async def interleave(self, names: Sequence[str], load: Load, rounds: int = 0) -> Rounds:
        """Run a load on the units alternately, in rounds after a warm-up round; absent peers are left out."""
        units = [unit for name in names if (unit := await self.unit(name))]
        found: Rounds = {unit.name: [] for unit in units}
        await self._offer(load)
        for number in range((rounds or self.plan.rounds) + 1):
            for unit in units:
                await self.wait_until_idle()
                measured = await unit.run(load, self.deal(load, number))
                if number:
                    found[unit.name].append(measured)
        return found

    def deal(self, load: Load, number: int = 0) -> list[Prompt]:
        """Return the prompts of a round of a load; all units of the row get the same."""
        return self._prompts.deal(load.turns, key=(self.row, load.name, number))

    async def run(self, unit: Unit, load: Load, number: int = 0) -> Round:
        """Run a load on one unit alone."""
        await self._offer(load)
        return await unit.run(load, self.deal(load, number))

    async def _offer(self, load: Load) -> None:
        """Offer the models of an automatic load alone, else all, as a site chooses among all on offer."""
        offered = load.model if load.is_automatic else None
        if offered != self._offered:
            self._offered = offered
            for unit in self._units.values():
                if isinstance(unit, SiteUnit):
                    await asyncio.to_thread(unit.site.offer, offered)
            await asyncio.sleep(SNAPSHOT_SECONDS)

    async def wait_until_idle(self) -> None:
        """Wait until our sites have finished the work after turns, as the next unit runs on the same core."""
        for unit in self._units.values():
            if isinstance(unit, SiteUnit):
                await _wait_until_idle(unit.site)

    async def _site(self, name: str) -> Unit:
        site = Site(runner=name, **SETTINGS)
        await asyncio.to_thread(self._stack.enter_context, site)
        first = self._units.get("here")
        port = first.site.provider_port if isinstance(first, SiteUnit) else site.provider_port
        models = {name: [name] * 4 for name in self.plan.models}
        await asyncio.to_thread(site.fill, self._users, models, f"http://127.0.0.1:{port}")
        if self._offered:
            await asyncio.to_thread(site.offer, self._offered)
        await _wait_until_idle(site)
        site.pin(UNIT_CORE, *(part for part in ("web", "worker") if part in site.children))
        return SiteUnit(site)

    async def _peer(self, name: str) -> Unit | None:
        if self._folder is None:
            self._absent.add(name)
            return None
        starters = {"proxy": start_proxy, "owui": start_open_webui}
        models = sorted({load.model for load in self.plan.loads})
        try:
            process = await asyncio.to_thread(
                starters[name], self._folder, self.data_dir / name, self.provider, models
            )
        except (subprocess.CalledProcessError, StackError) as error:
            self._absent.add(name)
            print(f"{name} is left out: {error}", file=sys.stderr)
            return None
        self._stack.callback(process.close)
        process.pin(UNIT_CORE)
        if name == "proxy":
            return proxy_unit(process)
        page = OpenWebui(process)
        await page.open()
        return page

    async def _plain(self, name: str) -> Unit:
        if name == "litellm":
            return await asyncio.to_thread(LitellmUnit, self.provider, UNIT_CORE)
        return SseUnit("direct", self.provider)


async def _wait_until_idle(site: Site) -> None:
    """Wait until a site has used next to no processor time for two seconds."""
    idle_checks, parts = 0, [part for part in ("web", "worker") if part in site.children]
    for _ in range(SETTLE_TRIES):
        before = site.cpu_seconds(*parts)
        await asyncio.sleep(0.5)
        idle_checks = idle_checks + 1 if site.cpu_seconds(*parts) - before < IDLE_CPU_S else 0
        if idle_checks == 4:
            return
