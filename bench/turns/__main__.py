"""What a turn costs and how it feels, beside the provider alone, litellm, LiteLLM proxy and Open WebUI."""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path

import uvloop

from bench.turns.capacity import measure_fan_out, measure_slo, measure_thousand_chats, measure_throughput
from bench.turns.faults import measure_faults
from bench.turns.first_token import measure_first_token
from bench.turns.goals import Goal, Measurement
from bench.turns.growth import measure_growth, measure_history
from bench.turns.harness import Harness
from bench.turns.memory import measure_memory, measure_sockets
from bench.turns.peers import CACHE
from bench.turns.plans import FULL, QUICK, Plan
from bench.turns.profile import Profile

Row = Callable[[Harness], Awaitable[Measurement]]
ROWS: dict[str, Row] = {
    "ttft": measure_first_token,
    "fanout": measure_fan_out,
    "throughput": measure_throughput,
    "slo": measure_slo,
    "thousand": measure_thousand_chats,
    "history": measure_history,
    "growth": measure_growth,
    "faults": measure_faults,
    "sockets": measure_sockets,
    "memory": measure_memory,
}
USERS_NEEDED = {"thousand": lambda plan: plan.thousand.chats, "slo": lambda plan: plan.slo_most_chats}


async def run(
    names: list[str], plan: Plan, peers: Path | None, *, is_profiled: bool
) -> dict[str, Measurement]:
    """Measure some rows one after the other; a row that breaks is told and the others go on."""
    people = max(plan.fanout.chats, *(USERS_NEEDED[name](plan) for name in names if name in USERS_NEEDED), 0)
    measurements = {}
    async with Harness(plan, peers, people) as house:
        roles = ("here", "worker") if is_profiled else ()
        profiles = [Profile((await house.site(role)).site, house.home) for role in roles]
        for name in names:
            began = time.monotonic()
            measurements[name] = await ROWS[name](house)
            print_measurement(name, measurements[name], time.monotonic() - began)
        for profile in profiles:
            profile.show()
    return measurements


def print_measurement(name: str, measurement: Measurement, seconds: float) -> None:
    """Print what a row showed."""
    print(f"\n{name} ({seconds:.0f} s, load average {os.getloadavg()[0]:.1f})")
    for label, figures in measurement.figures.items():
        print(f"  {label}: {_format_figures(figures)}")
    for goal in measurement.goals:
        print(f"  {goal.line()}", flush=True)


def _format_figures(value: object) -> str:
    if isinstance(value, dict):
        nested = any(isinstance(each, dict) for each in value.values())
        parts = (f"{name} {_format_figures(each)}" for name, each in value.items())
        return "".join(f"\n    {part}" for part in parts) if nested else ", ".join(parts)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def main() -> None:
    """Run the bench from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small loads and one round: a minute or two")
    parser.add_argument("--only", default="", help=f"rows, with commas between: {','.join(ROWS)}")
    parser.add_argument(
        "--peers", nargs="?", type=Path, const=CACHE, help="measure peers, kept in that folder"
    )
    parser.add_argument("--profile", action="store_true", help="say where our processes spend their time")
    options = parser.parse_args()
    names = options.only.split(",") if options.only else list(ROWS)
    if unknown := set(names) - set(ROWS):
        parser.error(f"no such rows: {', '.join(sorted(unknown))}")
    uvloop.install()
    plan = QUICK if options.quick else FULL
    measurements = asyncio.run(run(names, plan, options.peers, is_profiled=options.profile))
    goals: list[Goal] = [goal for measurement in measurements.values() for goal in measurement.goals]
    packages = ", ".join(f"{name} {version(name)}" for name in ("litellm", "aiohttp", "django", "uvicorn"))
    print(f"\nload average {os.getloadavg()[0]:.1f}; Python {sys.version.split()[0]}, {packages}")
    figures = {name: measurement.figures for name, measurement in measurements.items()}
    told = {goal.name: goal.to_json() for goal in goals}
    print(json.dumps({"bench": "turns", "figures": figures, "goals": told}))


if __name__ == "__main__":
    main()
