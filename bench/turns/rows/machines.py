"""Chats a core with one machine, with two, and by simulation with 10 and 100 that share the stores."""

import asyncio
from dataclasses import dataclass, replace

import psycopg

from bench.report import Goal
from bench.turns.harness import UNIT_CORE, Harness
from bench.turns.loads import Load, ObservedTurn, Round, median, run_load
from bench.turns.measurement import Measurement
from bench.turns.prompts.source import Prompt
from bench.turns.queueing import UTILISATION, TurnDemand, scale_of
from bench.turns.units.site_unit import STORES, LightPage, SiteUnit

# Valkey executes commands in one thread; PostgreSQL of a middling server has eight processors.
STORE_CORES = {"postgres": 8, "valkey": 1}
SIMULATED = (10, 100)
DAY_TURNS, DAY_SECONDS, PEAK = 10_000_000, 86_400, 3.0
MUST = 0.9
# How many machines write their turn logs to one Valkey server (TURN_LOG_URLS).
MACHINES_A_LOG = 10
IDLE_SECONDS = 5.0


@dataclass(slots=True)
class Machines:
    """A site of one or two machines, each a web process and a worker, and its pages."""

    unit: SiteUnit
    urls: list[str]

    async def run(self, load: Load, prompts: list[Prompt]) -> Round:
        """Run a load whose pages are spread over the web processes."""
        site = self.unit.site
        panel, parts = site.panel(load.model, load.panel_size), list(site.children)
        pages = [
            await LightPage.open(self.urls[chat % len(self.urls)], site.cookies[chat])
            for chat in range(load.chats)
        ]

        async def ask(chat: int, prompt: Prompt) -> ObservedTurn:
            return (await pages[chat].ask(panel, prompt.text)).shown

        before = {part: site.cpu_seconds(part) for part in parts}
        found = await run_load(load, prompts, ask)
        found.cpu_s = {part: site.cpu_seconds(part) - before[part] for part in parts if part != "provider"}
        await asyncio.gather(*(page.close() for page in pages))
        return found


async def measure_machines(harness: Harness) -> Measurement:
    """Processor time a turn with one and two machines, the same chats for each; then the simulation."""
    unit, load = await harness.site("worker"), harness.plan.machine
    rounds: dict[int, list[Round]] = {1: [], 2: []}
    idle: dict[int, list[float]] = {1: [], 2: []}
    connections: dict[int, int] = {}
    for number in range(harness.plan.rounds):
        for count in (1, 2):
            found, idle_share = await _measure(harness, unit, load, count, number)
            connections[count] = await asyncio.to_thread(_count_connections, unit)
            if count == 2:
                await asyncio.to_thread(unit.site.remove_machine)
            rounds[count].append(found)
            idle[count].append(idle_share)
    return _judge(rounds, load, connections, {count: median(each) for count, each in idle.items()})


async def _measure(
    harness: Harness, unit: SiteUnit, load: Load, count: int, number: int
) -> tuple[Round, float]:
    """Return a round of so many machines, and the share of its processor that Valkey uses when they idle."""
    urls = [unit.site.url]
    if count == 2:
        urls.append(await asyncio.to_thread(unit.site.add_machine))
        unit.site.pin(UNIT_CORE, *list(unit.site.children)[-2:])
    machines, load = Machines(unit, urls), replace(load, chats=count * load.chats)
    # The first turns of a process load models and open connections.
    await machines.run(load, harness.deal(load, number + harness.plan.rounds))
    await harness.wait_until_idle()
    before = unit.site.cpu_seconds("valkey")
    await asyncio.sleep(IDLE_SECONDS)
    idle = (unit.site.cpu_seconds("valkey") - before) / IDLE_SECONDS
    return await machines.run(load, harness.deal(load, number)), idle


def _count_connections(unit: SiteUnit) -> int:
    with psycopg.connect(unit.site.postgres.url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ).fetchone()
    return int(row[0]) if row else 0


def _judge(
    rounds: dict[int, list[Round]], load: Load, connections: dict[int, int], idle: dict[int, float]
) -> Measurement:
    demands = {count: _summarize(each) for count, each in rounds.items()}
    measurement = Measurement(
        figures={f"{count} machines, ms a turn": demand for count, demand in demands.items()}
    )
    measurement.figures["PostgreSQL connections"] = connections
    measurement.figures["share of Valkey used by idle machines"] = idle
    totals = {count: sum(demand.values()) for count, demand in demands.items()}
    failed = sum(each.failed for found in rounds.values() for each in found)
    why = f"{failed} turns failed" if failed else ""
    measured = None if failed else totals[1] / totals[2]
    measurement.goals.append(
        Goal("chats a core, 2 machines / 1", measured, MUST, 1.0, is_floor=True, why=why)
    )
    demand = TurnDemand(
        machine_s=demands[2]["machines"] / 1e3,
        stores_s={store: demands[2][store] / 1e3 for store in STORES},
        store_cores=STORE_CORES,
        turn_s=load.tokens / load.rate,
    )
    one_log = {f"{machines} machines": scale_of(demand, machines) for machines in SIMULATED}
    measurement.figures["chats a core with one Valkey server"] = one_log
    for machines in SIMULATED:
        logs = max(1, machines // MACHINES_A_LOG)
        goal = f"chats a core, {machines} machines / 1, {logs} logs, simulated"
        measurement.goals.append(Goal(goal, scale_of(demand, machines, logs), MUST, is_floor=True))
    limits = {store: demand.limit_per_second(store) for store in STORES}
    peak = PEAK * DAY_TURNS / DAY_SECONDS
    measurement.figures["turns a second at which a store is full"] = limits
    measurement.figures["share of a store at the peak of 10M turns a day"] = {
        store: peak / limit for store, limit in limits.items()
    }
    measurement.figures["machines for that peak"] = peak * demand.machine_s / UTILISATION
    return measurement


def _summarize(rounds: list[Round]) -> dict[str, float]:
    """Return milliseconds of processor time a turn: of the stores, and of all web processes and workers."""
    turns = [max(1, len(each.ttft_s)) for each in rounds]
    stores = {
        store: 1e3 * median(each.cpu_s[store] / count for each, count in zip(rounds, turns, strict=True))
        for store in STORES
    }
    machines = 1e3 * median(
        sum(seconds for part, seconds in each.cpu_s.items() if part not in STORES) / count
        for each, count in zip(rounds, turns, strict=True)
    )
    return {**stores, "machines": machines}
