"""Everything that is measured in one run, each started when the first row asks for it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, Self

from bench.turns.litellm_proxy import proxy_unit, start_proxy
from bench.turns.litellm_unit import LitellmUnit
from bench.turns.loads import Load, Round
from bench.turns.open_webui import OpenWebui, start_open_webui
from bench.turns.peers import PeerProcess
from bench.turns.plans import Plan
from bench.turns.site_unit import SiteUnit
from bench.turns.sse_unit import SseUnit
from testing.site.processes import Site

UNIT_CORE, CLIENT_CORE = 1, 0
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
Rounds = dict[str, list[Round]]


class Unit(Protocol):
    """Whatever can be put under a load."""

    name: str

    async def run(self, load: Load) -> Round:
        """Put it under a load."""
        ...

    async def close(self) -> None:
        """Let go of what it holds."""
        ...


class Harness:
    """Sites, peers and the provider they all ask; `peers` is the peers' folder, None to leave them out."""

    def __init__(self, plan: Plan, peers: Path | None, people: int) -> None:
        self.plan = plan
        self._folder, self._people = peers, people
        self._stack = ExitStack()
        self._units: dict[str, Unit] = {}
        self._absent: dict[str, str] = {}
        self.peers: dict[str, PeerProcess] = {}

    async def __aenter__(self) -> Self:
        # The client and the stores share one processor, what is measured has the other to itself.
        os.sched_setaffinity(0, {CLIENT_CORE})
        self.home = Path(self._stack.enter_context(TemporaryDirectory(prefix="jjamppong-peers-")))
        here = await self.unit("here")
        assert isinstance(here, SiteUnit)  # noqa: S101 - for the type alone
        self.provider = f"http://127.0.0.1:{here.site.provider_port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        for unit in self._units.values():
            await unit.close()
        await asyncio.to_thread(self._stack.close)

    async def unit(self, name: str) -> Unit | None:
        """Return a unit by name, started; None when it is a peer that is not there."""
        if name not in self._units and name not in self._absent:
            starters = {"here": self._site, "worker": self._site, "proxy": self._peer, "owui": self._peer}
            unit = await starters.get(name, self._plain)(name)
            if unit:
                self._units[name] = unit
        return self._units.get(name)

    async def site(self, name: str) -> SiteUnit:
        """Return one of our sites."""
        unit = await self.unit(name)
        if not isinstance(unit, SiteUnit):
            raise TypeError(f"{name} is no site")
        return unit

    async def interleave(self, names: Sequence[str], load: Load, rounds: int = 0) -> Rounds:
        """Run a load on each unit in turn, some rounds after one that warms up; absent ones are left out."""
        units = [unit for name in names if (unit := await self.unit(name))]
        found: Rounds = {unit.name: [] for unit in units}
        for turn in range((rounds or self.plan.rounds) + 1):
            for unit in units:
                await self.wait_until_idle()
                shown = await unit.run(load)
                if turn:
                    found[unit.name].append(shown)
        return found

    async def wait_until_idle(self) -> None:
        """Wait until what our sites still do for ended turns is done: their core is the next unit's."""
        for unit in self._units.values():
            if isinstance(unit, SiteUnit):
                await _wait_until_idle(unit.site)

    def why_absent(self, name: str) -> str:
        """Return why a peer is not there."""
        return self._absent.get(name, "")

    async def _site(self, name: str) -> Unit:
        site = Site(runner=name, **SETTINGS)
        await asyncio.to_thread(self._stack.enter_context, site)
        first = self._units.get("here")
        port = first.site.provider_port if isinstance(first, SiteUnit) else site.provider_port
        models = {name: [name] * 4 for name in self.plan.models}
        await asyncio.to_thread(site.fill, self._people, models, f"http://127.0.0.1:{port}")
        await _wait_until_idle(site)
        site.pin(UNIT_CORE, *(part for part in ("web", "worker") if part in site.children))
        return SiteUnit(site)

    async def _peer(self, name: str) -> Unit | None:
        if self._folder is None:
            self._absent[name] = "left out; --peers installs and measures it"
            return None
        starters = {"proxy": start_proxy, "owui": start_open_webui}
        models = sorted({load.model for load in self.plan.loads})
        try:
            process = await asyncio.to_thread(
                starters[name], self._folder, self.home / name, self.provider, models
            )
        except (subprocess.CalledProcessError, RuntimeError) as error:
            self._absent[name] = str(error)
            print(f"{name} is not there: {error}", file=sys.stderr)
            return None
        self._stack.callback(process.close)
        self.peers[name] = process
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
    """Wait until a site has nothing to do."""
    idle_checks, parts = 0, [part for part in ("web", "worker") if part in site.children]
    for _ in range(SETTLE_TRIES):
        before = site.cpu_seconds(*parts)
        await asyncio.sleep(0.5)
        idle_checks = idle_checks + 1 if site.cpu_seconds(*parts) - before < IDLE_CPU_S else 0
        if idle_checks == 4:
            return
