"""Latency with more data: a long conversation, and a million conversations."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import psycopg

from bench.report import Goal
from bench.turns.harness import ROLES, Harness
from bench.turns.loads import median
from bench.turns.measurement import Measurement, ratio_goal
from bench.turns.prompts.source import Prompt
from bench.turns.units.site_unit import PARTS, STORES, SiteUnit
from config.data_dir import ROOT
from testing.site.processes import Site

ACTIONS = ("sidebar", "open", "insert")


async def measure_history(harness: Harness) -> Measurement:
    """Processor time of a turn after 1,000 messages, beside one after two."""
    plan, measurement = harness.plan, Measurement()
    for role in ROLES:
        unit = await harness.site(role)
        await unit.open_pages(1)
        arguments = (
            "histories",
            str(plan.history_turns * (plan.rounds + 1)),
            str(plan.long_messages // 2),
            "1",
        )
        made: dict[str, list[str]] = await asyncio.to_thread(_run_growth_data, unit.site, *arguments)
        costs: dict[str, list[float]] = {"short": [], "long": []}
        for turn in range(plan.rounds + 1):
            for kind in costs:
                part = made[kind][turn * plan.history_turns : (turn + 1) * plan.history_turns]
                load = replace(plan.idle, name=kind, chats=len(part), repeats=1)
                cost = await _cost(unit, part, harness.deal(load, turn), plan.idle.model)
                costs[kind] += [cost] if turn else []
        long, short = median(costs["long"]), median(costs["short"])
        measurement.figures[role] = {"cpu ms a turn": {"two messages": short, f"{plan.long_messages}": long}}
        name = f"server CPU of a turn at {plan.long_messages:,} messages / at 2, {role}"
        measurement.goals.append(ratio_goal(name, long, short, 2.0, 1.3))
    return measurement


async def _cost(unit: SiteUnit, conversations: list[str], prompts: Sequence[Prompt], model: str) -> float:
    """Return the milliseconds of processor time per turn of all parts, with one turn in each conversation."""
    parts = [name for name in (*PARTS, *STORES) if name in unit.site.children]
    panel, before = unit.site.panel(model, 4), unit.site.cpu_seconds(*parts)
    for prompt, conversation in zip(prompts, conversations, strict=True):
        await unit.pages[0].ask(panel, prompt.text, conversation=conversation)
    return 1e3 * (unit.site.cpu_seconds(*parts) - before) / len(conversations)


async def measure_growth(harness: Harness) -> Measurement:
    """Medians of the sidebar, of opening a conversation and of a new turn, with many rows and with few."""
    site, sizes = (await harness.site("here")).site, harness.plan.conversations
    found: dict[int, list[dict[str, float]]] = {size: [] for size in sizes}
    for size in sizes:
        await asyncio.to_thread(_make_database, site, _name(size))
        await asyncio.to_thread(_run_growth_data, site, "fill", str(size), database=_name(size))
    for _ in range(harness.plan.rounds):
        for size in sizes:
            medians = await asyncio.to_thread(_run_growth_data, site, "time", database=_name(size))
            found[size].append(medians)
    few, many = ({act: median(each[act] for each in found[size]) for act in ACTIONS} for size in sizes)
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


def _run_growth_data(site: Site, *words: str, database: str = "") -> Any:
    environment = dict(site.environment)
    if database:
        environment["DATABASE_URL"] = site.postgres.url.rsplit("/", 1)[0] + f"/{database}"
    command = [sys.executable, "-m", "bench.turns.rows.growth_data", *words]
    process = subprocess.run(command, check=True, env=environment, cwd=ROOT, stdout=subprocess.PIPE)
    return json.loads(process.stdout.splitlines()[-1])
