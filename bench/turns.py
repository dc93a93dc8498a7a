"""What a turn costs and how it feels: direct, ours here, ours with a worker, litellm alone; interleaved."""

import argparse
import asyncio
import json
import os
import platform
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.metadata import version

import aiohttp

from bench.sites.loads import SEATS, LitellmAlone, Load, Round, median, quantile, run_direct, run_site
from bench.sites.pages import Page
from bench.sites.site import Site

UNIT_CORE, CLIENT_CORE = 1, 0
IDLE_SOCKETS = 200
SETTINGS = {
    "TURNS_AT_ONCE": "5000",
    "TURNS_OPEN_EACH": "5000",
    "TURNS_AT_ONCE_EACH": "5000",
    "ACCOUNT_TURNS_PER_DAY": "100000",
    "LOG_LEVEL": "WARNING",
    "TURN_GRACE_MS": "60000",
}
Rounds = dict[str, dict[str, list[Round]]]


@dataclass(slots=True)
class Unit:
    """A site with a page for every chat."""

    site: Site
    pages: list[Page]
    panels: dict[str, list[str]] = field(default_factory=dict)


def loads_for(*, quick: bool) -> list[Load]:
    """Return the loads of a run; the last one is heavy."""
    repeats, chats, tokens = (5, 16, 60) if quick else (20, 48, 150)
    return [
        Load("idle", 1, 20, 50, 0, repeats=repeats),
        Load("burst of 8", 8, 20, 50, 0, repeats=2),
        Load("steady", chats, tokens, 50, 1.0),
    ]


async def run(sites: dict[str, Site], loads: list[Load], rounds: int) -> tuple[Rounds, dict[str, float]]:
    """Run every load on every unit in turn, some rounds; the first round only warms up."""
    provider = f"http://127.0.0.1:{next(iter(sites.values())).provider_port}"
    chats = max(load.chats for load in loads)
    found: Rounds = {load.name: {} for load in loads}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        units = {name: await _open(site, session, chats, loads, provider) for name, site in sites.items()}
        alone = await asyncio.to_thread(LitellmAlone, provider, UNIT_CORE)
        try:
            for turn in range(rounds + 1):
                for load in loads:
                    shown = {"direct": await run_direct(load, provider, session)}
                    for name, unit in units.items():
                        panel = unit.panels[load.name]
                        shown[name] = await run_site(load, unit.site, unit.pages, panel)
                    shown["litellm"] = await asyncio.to_thread(alone.run, load)
                    if turn:
                        for name, each in shown.items():
                            found[load.name].setdefault(name, []).append(each)
            memory = await _weigh(units, session)
            memory["litellm"] = alone.memory / 1e6
        finally:
            alone.close()
            await asyncio.gather(*(page.close() for unit in units.values() for page in unit.pages))
    return found, memory


async def _open(
    site: Site, session: aiohttp.ClientSession, chats: int, loads: list[Load], provider: str
) -> Unit:
    cookies = site.cookies[:chats]
    pages = [Page(site.url, cookie) for cookie in cookies]
    for page in pages:
        page.open(session)
    await asyncio.sleep(1)
    site.pin(UNIT_CORE, *(name for name in ("web", "worker") if name in site.children))
    panels = {load.name: [f"{load.name.replace(' ', '-')}-{seat}" for seat in range(SEATS)] for load in loads}
    return Unit(site, pages, panels)


async def _weigh(units: dict[str, Unit], session: aiohttp.ClientSession) -> dict[str, float]:
    """Return megabytes by process, and kilobytes that an idle signed-in socket takes."""
    memory = {
        f"{name} {part}": unit.site.memory_bytes(part) / 1e6
        for name, unit in units.items()
        for part in ("web", "worker")
        if part in unit.site.children
    }
    site = units["worker"].site
    before = site.memory_bytes("web")
    pages = [Page(site.url, site.cookies[n % len(site.cookies)]) for n in range(IDLE_SOCKETS)]
    for page in pages:
        page.open(session)
    await asyncio.sleep(4)
    memory["kB per idle socket"] = (site.memory_bytes("web") - before) / 1e3 / IDLE_SOCKETS
    await asyncio.gather(*(page.close() for page in pages))
    return memory


def report(found: Rounds, memory: dict[str, float], loads: list[Load]) -> None:
    """Print the table and, last, the figures and goals as JSON."""
    head = f"{'load':<12}{'unit':<9}{'TTFT ms p50/p99':>18}{'total/direct p50/p99':>22}"
    print(f"{head}{'µs CPU/token':>14}{'frames/token':>14}{'bytes/token':>13}")
    figures: dict[str, dict[str, float]] = {}
    for load in loads:
        direct = found[load.name]["direct"]
        ideal = median([quantile(each.total_s, 0.5) for each in direct])
        floor = median([quantile(each.ttft_s, 0.5) for each in direct])
        for name, rounds in found[load.name].items():
            row = _row(rounds, load, ideal, floor)
            figures[f"{load.name} {name}"] = row
            ttft = f"{row['ttft_p50_ms']:.1f}/{row['ttft_p99_ms']:.1f}"
            total = f"{row['total_p50']:.3f}/{row['total_p99']:.3f}"
            costs = f"{row['cpu_us_per_token']:>14.1f}{row['frames_per_token']:>14.3f}"
            print(f"{load.name:<12}{name:<9}{ttft:>18}{total:>22}{costs}{row['bytes_per_token']:>13.1f}")
    for name, weight in memory.items():
        print(f"{name:<30}{weight:>8.1f}{'' if 'socket' in name else ' MB'}")
    print(f"load average {os.getloadavg()[0]:.1f}, {platform.processor() or platform.machine()}", end="; ")
    print(", ".join(f"{name} {version(name)}" for name in ("litellm", "aiohttp", "django", "uvicorn")))
    print("LiteLLM proxy and Open WebUI: not run here (they need virtual environments of their own)")
    goals = judge(figures, memory)
    print(json.dumps({"bench": "turns", "figures": figures, "memory": memory, "goals": goals}))


def _row(rounds: list[Round], load: Load, ideal: float, floor: float) -> dict[str, float]:
    tokens = load.all_tokens
    return {
        "ttft_p50_ms": 1e3 * median([quantile(each.ttft_s, 0.5) for each in rounds]),
        "ttft_p99_ms": 1e3 * median([quantile(each.ttft_s, 0.99) for each in rounds]),
        "added_ttft_ms": 1e3 * (median([quantile(each.ttft_s, 0.5) for each in rounds]) - floor),
        "total_p50": median([quantile(each.total_s, 0.5) for each in rounds]) / ideal,
        "total_p99": median([quantile(each.total_s, 0.99) for each in rounds]) / ideal,
        "late_p99_ms": 1e3 * median([quantile(each.late_s, 0.99) for each in rounds if each.late_s]),
        "cpu_us_per_token": 1e6 * median([sum(each.cpu_s.values()) for each in rounds]) / tokens,
        "frames_per_token": median([each.frames for each in rounds]) / tokens,
        "bytes_per_token": median([each.bytes for each in rounds]) / tokens,
        "failed": sum(each.failed for each in rounds),
    }


def judge(figures: dict[str, dict[str, float]], memory: dict[str, float]) -> dict[str, dict[str, object]]:
    """Hold the figures to the goals; ratios only, as milliseconds differ from machine to machine."""
    steady = {name: figures[f"steady {name}"] for name in ("here", "worker", "litellm")}
    ratios = {
        "cpu per token, here / litellm": (_ratio(steady, "here"), 0.4),
        "cpu per token, worker / litellm": (_ratio(steady, "worker"), 0.6),
        "total / direct p99, here": (steady["here"]["total_p99"], 1.05),
        "total / direct p99, worker": (steady["worker"]["total_p99"], 1.05),
        "frames per token": (steady["worker"]["frames_per_token"], 0.5),
        "bytes per token": (steady["worker"]["bytes_per_token"], 48.0),
        "web memory MB": (memory["worker web"], 150.0),
        "kB per idle socket": (memory["kB per idle socket"], 60.0),
        "failed turns": (sum(row["failed"] for row in figures.values()), 0.0),
    }
    return {
        name: {"value": round(value, 3), "must": must, "ok": value <= must}
        for name, (value, must) in ratios.items()
    }


def _ratio(steady: dict[str, dict[str, float]], name: str) -> float:
    return steady[name]["cpu_us_per_token"] / steady["litellm"]["cpu_us_per_token"]


def main() -> None:
    """Run the bench from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer chats, tokens and rounds")
    parser.add_argument("--data", default="", help="not used: the provider makes its own tokens")
    options = parser.parse_args()
    loads, rounds = loads_for(quick=options.quick), 1 if options.quick else 3
    os.sched_setaffinity(0, {CLIENT_CORE})
    with ExitStack() as stack:
        sites = {name: stack.enter_context(Site(runner=name, **SETTINGS)) for name in ("here", "worker")}
        provider = f"http://127.0.0.1:{sites['here'].provider_port}"
        names = {load.name.replace(" ", "-"): load.models for load in loads}
        for site in sites.values():
            site.fill(max(load.chats for load in loads), names, provider)
        found, memory = asyncio.run(run(sites, loads, rounds))
        report(found, memory, loads)


if __name__ == "__main__":
    main()
