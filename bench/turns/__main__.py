"""The cost and latency of a turn, beside the bare provider, litellm, LiteLLM proxy and Open WebUI."""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path

import uvloop

from bench.report import Report, bench_parser
from bench.turns.harness import ROLES, Harness
from bench.turns.measurement import Measurement
from bench.turns.plans import FULL, QUICK, Plan
from bench.turns.profile import Profile
from bench.turns.prompts.source import PromptSource
from bench.turns.role_table import format_role_table
from bench.turns.rows.capacity import measure_fan_out, measure_slo, measure_thousand_chats, measure_throughput
from bench.turns.rows.fairness import measure_fairness
from bench.turns.rows.faults import measure_faults
from bench.turns.rows.first_token import measure_first_token
from bench.turns.rows.growth import measure_growth, measure_history
from bench.turns.rows.machines import measure_machines
from bench.turns.rows.memory import measure_memory, measure_sockets
from bench.turns.units.peers import CACHE

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
    "fairness": measure_fairness,
    "machines": measure_machines,
    "sockets": measure_sockets,
    "memory": measure_memory,
}
USERS_NEEDED = {"thousand": lambda plan: plan.thousand.chats, "slo": lambda plan: plan.slo_most_chats}


async def run(
    names: list[str], plan: Plan, peers: Path | None, prompts: PromptSource, *, is_profiled: bool
) -> dict[str, Measurement]:
    """Measure rows one after another."""
    users = max(plan.fanout.chats, *(USERS_NEEDED[name](plan) for name in names if name in USERS_NEEDED), 0)
    measurements = {}
    async with Harness(plan, peers, users, prompts) as harness:
        roles = ROLES if is_profiled else ()
        profiles = [Profile((await harness.site(role)).site, harness.data_dir) for role in roles]
        for name in names:
            began, harness.row = time.monotonic(), name
            measurements[name] = await ROWS[name](harness)
            print_measurement(name, measurements[name], time.monotonic() - began)
        for profile in profiles:
            profile.show()
    return measurements


def print_measurement(name: str, measurement: Measurement, seconds: float) -> None:
    """Print the figures and goals of a row."""
    print(f"\n{name} ({seconds:.0f} s, load average {os.getloadavg()[0]:.1f})")
    for label, figures in measurement.figures.items():
        print(f"  {label}: {_format_figures(figures)}")
    for goal in measurement.goals:
        print(f"  {goal.to_row()}", flush=True)


def _format_figures(value: object) -> str:
    if isinstance(value, dict):
        nested = any(isinstance(each, dict) for each in value.values())
        parts = (f"{name} {_format_figures(each)}" for name, each in value.items())
        return "".join(f"\n    {part}" for part in parts) if nested else ", ".join(parts)
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def main() -> None:
    """Run the bench from the command line."""
    parser = bench_parser(__doc__, quick="small loads and one round: a minute or two")
    parser.add_argument("--only", default="", help=f"rows, with commas between: {','.join(ROWS)}")
    parser.add_argument(
        "--peers", nargs="?", type=Path, const=CACHE, help="measure peers too, installed into this folder"
    )
    parser.add_argument("--profile", action="store_true", help="profile our processes with py-spy")
    options = parser.parse_args()
    names = options.only.split(",") if options.only else list(ROWS)
    if unknown := set(names) - set(ROWS):
        parser.error(f"no such rows: {', '.join(sorted(unknown))}")
    uvloop.install()
    plan = QUICK if options.quick else FULL
    prompts = PromptSource(options.data)
    measurements = asyncio.run(run(names, plan, options.peers, prompts, is_profiled=options.profile))
    described = prompts.describe()
    print(f"\nprompts: {_format_figures(described)}")
    packages = ", ".join(f"{name} {version(name)}" for name in ("litellm", "aiohttp", "django", "uvicorn"))
    print(f"\nload average {os.getloadavg()[0]:.1f}; Python {sys.version.split()[0]}, {packages}")
    report = Report("turns")
    report.figures = {name: measurement.figures for name, measurement in measurements.items()}
    report.figures["prompts"] = described
    report.goals = [goal for measurement in measurements.values() for goal in measurement.goals]
    print("\n".join(format_role_table(report.goals)))
    report.close(has_table=False)


if __name__ == "__main__":
    main()
