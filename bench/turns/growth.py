"""What stays as fast when there is more: a long conversation, and a million of them."""

import asyncio
import json
import subprocess
import sys
from typing import Any

import psycopg

from bench.turns.goals import Goal, Measurement, ratio
from bench.turns.harness import Harness
from bench.turns.loads import median
from bench.turns.site_unit import PARTS, STORES, SiteUnit
from config.data_dir import ROOT
from testing.site.processes import Site

ACTIONS = ("sidebar", "open", "insert")


async def measure_history(house: Harness) -> Measurement:
    """Processor time of a turn at the end of a thousand messages, beside one after two."""
    plan, measurement = house.plan, Measurement()
    for role in ("here", "worker"):
        unit = await house.site(role)
        await unit.open_pages(1)
        arguments = (
            "histories",
            str(plan.history_turns * (plan.rounds + 1)),
            str(plan.long_messages // 2),
            "1",
        )
        made: dict[str, list[str]] = await asyncio.to_thread(_run_growth_rows, unit.site, *arguments)
        costs: dict[str, list[float]] = {"short": [], "long": []}
        for turn in range(plan.rounds + 1):
            for kind in costs:
                part = made[kind][turn * plan.history_turns : (turn + 1) * plan.history_turns]
                cost = await _cost(unit, part, plan.idle.model)
                costs[kind] += [cost] if turn else []
        long, short = median(costs["long"]), median(costs["short"])
        measurement.figures[role] = {"cpu ms a turn": {"two messages": short, f"{plan.long_messages}": long}}
        name = f"server CPU of a turn at {plan.long_messages:,} messages / at 2, {role}"
        measurement.goals.append(ratio(name, long, short, 2.0, 1.3))
    return measurement


async def _cost(unit: SiteUnit, conversations: list[str], model: str) -> float:
    """Return milliseconds of processor time of every part that a turn takes, one in each conversation."""
    parts = [name for name in (*PARTS, *STORES) if name in unit.site.children]
    panel, before = unit.site.panel(model, 4), unit.site.cpu_seconds(*parts)
    for number, conversation in enumerate(conversations):
        await unit.pages[0].ask(panel, conversation=conversation, prompt=f"and what of number {number}?")
    return 1e3 * (unit.site.cpu_seconds(*parts) - before) / len(conversations)


async def measure_growth(house: Harness) -> Measurement:
    """Medians of the sidebar, of opening a long conversation and of a new turn, with many rows and few."""
    site, sizes = (await house.site("here")).site, house.plan.conversations
    found: dict[int, list[dict[str, float]]] = {size: [] for size in sizes}
    for size in sizes:
        await asyncio.to_thread(_make_database, site, _name(size))
        await asyncio.to_thread(_run_growth_rows, site, "fill", str(size), database=_name(size))
    for _ in range(house.plan.rounds):
        for size in sizes:
            told = await asyncio.to_thread(_run_growth_rows, site, "time", database=_name(size))
            found[size].append(told)
    few, many = ({act: median(told[act] for told in found[size]) for act in ACTIONS} for size in sizes)
    measurement = Measurement(
        figures={f"p50 ms at {size:,}": each for size, each in zip(sizes, (few, many), strict=True)}
    )
    is_full = sizes[1] == 1_000_000
    for act in ACTIONS:
        name, why = (
            f"p50 of {act} at 1M conversations / at 10k",
            "" if is_full else "fewer rows in a quick run",
        )
        measurement.goals.append(Goal(name, many[act] / few[act] if is_full else None, 1.3, 1.1, why=why))
    return measurement


def _name(size: int) -> str:
    return f"grown_{size}"


def _make_database(site: Site, name: str) -> None:
    with psycopg.connect(site.postgres.url, autocommit=True) as connection:
        connection.execute(f'create database "{name}"'.encode())


def _run_growth_rows(site: Site, *words: str, database: str = "") -> Any:
    environment = dict(site.environment)
    if database:
        environment["DATABASE_URL"] = site.postgres.url.rsplit("/", 1)[0] + f"/{database}"
    command = [sys.executable, "-m", "bench.turns.growth_rows", *words]
    told = subprocess.run(command, check=True, env=environment, cwd=ROOT, stdout=subprocess.PIPE)
    return json.loads(told.stdout.splitlines()[-1])
