"""A process that serves one inventory as the product does and times it: one side of bench/ad_selection.py."""

import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

import numpy as np  # noqa: E402
import psutil  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from ads.contract import AdRequest  # noqa: E402
from ads.infra.redis_client import redis_client  # noqa: E402
from ads.selection.core.overrides import LiveOverrides, encode_overrides  # noqa: E402
from ads.selection.serving.select import decide, find_contenders  # noqa: E402
from ads.selection.serving.serve import thread_random  # noqa: E402
from ads.selection.serving.snapshot_store import LIVE_KEY, VERSION_KEY, snapshot_key  # noqa: E402
from ads.selection.serving.snapshots import CHECK_SECONDS, RETIRED_SECONDS, serving_state  # noqa: E402
from bench.ad_selection import VERSIONS, list_phrases  # noqa: E402
from bench.market.synthetic_inventory import generate_requests  # noqa: E402

SWAPS = 12
LONGEST_SWAP = 30.0
LIVE = LiveOverrides(off=frozenset(range(1, 200)), out_of_money=frozenset(range(200, 400)))
Times = NDArray[np.float64]


class Swap(NamedTuple):
    """The milliseconds of requests before and during one swap, how long it took and what it needed."""

    steady: Times
    swapping: Times
    took: float
    rss_mb: float


def main() -> None:
    """Serve the snapshots of this folder, answer that many requests, and print what it took."""
    folder, count, kind = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    for version in VERSIONS:
        redis_client().set(snapshot_key(version), (folder / version).read_bytes())
    redis_client().set(LIVE_KEY, encode_overrides(LIVE))
    redis_client().set(VERSION_KEY, VERSIONS[0])
    began = time.monotonic()
    snapshot = serving_state().snapshot
    loaded = time.monotonic() - began
    asked = list(generate_requests(list_phrases(snapshot), count, is_dense=kind == "dense"))
    del snapshot
    found = sum(select(request) for request in asked[:1000]) / len(asked[:1000])
    rss = rss_mb()
    cpu, _ = time_requests(asked)
    figures = {
        "load_ms": loaded * 1e3,
        "rss_mb": rss,
        "filled": found,
        "cpu_p50": float(np.percentile(cpu, 50)),
        "cpu_p99": float(np.percentile(cpu, 99)),
        "cpu_p999": float(np.percentile(cpu, 99.9)),
        "rate": 1e3 / float(cpu.mean()),
        **summarize_swaps([time_swap(asked, VERSIONS[(turn + 1) % len(VERSIONS)]) for turn in range(SWAPS)]),
    }
    print(json.dumps(figures))


def time_swap(asked: list[AdRequest], version: str) -> Swap:
    """Return the wall clock of requests in peace and then while the market is swapped for that version."""
    steady = time_requests_until(time.monotonic() + CHECK_SECONDS + RETIRED_SECONDS, asked)
    redis_client().set(VERSION_KEY, version)
    began, swapping = time.monotonic(), []
    # From before it is noticed until what it replaces is gone.
    while serving_state().snapshot.version != version and time.monotonic() < began + LONGEST_SWAP:
        swapping += time_requests_until(time.monotonic() + 0.05, asked)
    took, rss = time.monotonic() - began, rss_mb()
    swapping += time_requests_until(time.monotonic() + RETIRED_SECONDS + 0.2, asked)
    return Swap(np.concatenate(steady), np.concatenate(swapping), took, rss)


def summarize_swaps(swaps: list[Swap]) -> dict[str, float]:
    """Return what swaps took; each is held against the moments before it, for neighbours disturb both."""
    steady = [float(np.percentile(swap.steady, 99)) for swap in swaps]
    ratios = [
        float(np.percentile(swap.swapping, 99)) / peace for swap, peace in zip(swaps, steady, strict=True)
    ]
    return {
        "wall_p99": float(np.median(steady)),
        "swap_s": float(np.median([swap.took for swap in swaps])),
        "swap_rss_mb": max(swap.rss_mb for swap in swaps),
        "swap_wall_max": max(float(swap.swapping.max()) for swap in swaps),
        "swap_ratio": float(np.median(ratios)),
        "swap_ratio_worst": max(ratios),
    }


def rss_mb() -> float:
    """Return how much memory this process has now."""
    return float(psutil.Process().memory_info().rss / 1e6)


def time_requests_until(end: float, asked: list[AdRequest]) -> list[Times]:
    """Return the wall clock of requests until that moment, a few at a time."""
    times, rng = [], thread_random()
    while time.monotonic() < end:
        first = int(rng.integers(len(asked)))
        times.append(time_requests(asked[first : first + 50])[1])
    return times


def time_requests(asked: Iterable[AdRequest]) -> tuple[Times, Times]:
    """Return the milliseconds of CPU and of wall clock that each request took."""
    cpu, wall = [], []
    for request in asked:
        began, before = time.perf_counter_ns(), time.thread_time_ns()
        select(request)
        cpu.append((time.thread_time_ns() - before) / 1e6)
        wall.append((time.perf_counter_ns() - began) / 1e6)
    return np.array(cpu), np.array(wall)


def select(request: AdRequest) -> bool:
    """Choose an ad for the request; say whether there was one."""
    market = serving_state()
    shortlist = find_contenders(
        market.snapshot, request, live=market.live, now=1_800_000_000, random=thread_random()
    )
    return decide(shortlist, {}).winner is not None


if __name__ == "__main__":
    main()
