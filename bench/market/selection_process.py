"""A process that serves one inventory as the product does and times it, for bench/ad_selection.py."""

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
from bench.market.synthetic_inventory import VERSIONS, generate_requests, list_phrases  # noqa: E402

SWAPS = 12
MAX_SWAP_SECONDS = 30.0
LIVE = LiveOverrides(off=frozenset(range(1, 200)), out_of_money=frozenset(range(200, 400)))
Times = NDArray[np.float64]


class Swap(NamedTuple):
    """Milliseconds of the requests before and during one swap, its duration and the memory then in MB."""

    steady: Times
    swapping: Times
    duration_s: float
    rss_mb: float


def main() -> None:
    """Serve the snapshots of a folder, time a number of requests, and print the figures."""
    folder, count, kind = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    for version in VERSIONS:
        redis_client().set(snapshot_key(version), (folder / version).read_bytes())
    redis_client().set(LIVE_KEY, encode_overrides(LIVE))
    redis_client().set(VERSION_KEY, VERSIONS[0])
    began = time.monotonic()
    snapshot = serving_state().snapshot
    loaded = time.monotonic() - began
    requests = list(generate_requests(list_phrases(snapshot), count, is_dense=kind == "dense"))
    del snapshot
    found = sum(select(request) for request in requests[:1000]) / len(requests[:1000])
    rss = rss_mb()
    cpu, _ = time_requests(requests)
    figures = {
        "load_ms": loaded * 1e3,
        "rss_mb": rss,
        "filled": found,
        "cpu_p50": float(np.percentile(cpu, 50)),
        "cpu_p99": float(np.percentile(cpu, 99)),
        "cpu_p999": float(np.percentile(cpu, 99.9)),
        "rate": 1e3 / float(cpu.mean()),
        **summarize_swaps(
            [time_swap(requests, VERSIONS[(turn + 1) % len(VERSIONS)]) for turn in range(SWAPS)]
        ),
    }
    print(json.dumps(figures))


def time_swap(requests: list[AdRequest], version: str) -> Swap:
    """Time requests before and then while the snapshot is swapped for this version."""
    steady = time_requests_until(time.monotonic() + CHECK_SECONDS + RETIRED_SECONDS, requests)
    redis_client().set(VERSION_KEY, version)
    began, swapping = time.monotonic(), []
    # From publication until the old snapshot is freed.
    while serving_state().snapshot.version != version and time.monotonic() < began + MAX_SWAP_SECONDS:
        swapping += time_requests_until(time.monotonic() + 0.05, requests)
    duration_s, rss = time.monotonic() - began, rss_mb()
    swapping += time_requests_until(time.monotonic() + RETIRED_SECONDS + 0.2, requests)
    return Swap(np.concatenate(steady), np.concatenate(swapping), duration_s, rss)


def summarize_swaps(swaps: list[Swap]) -> dict[str, float]:
    """Return the figures of the swaps; each is compared with the time before it, as other load slows both."""
    steady = [float(np.percentile(swap.steady, 99)) for swap in swaps]
    ratios = [
        float(np.percentile(swap.swapping, 99)) / before for swap, before in zip(swaps, steady, strict=True)
    ]
    return {
        "wall_p99": float(np.median(steady)),
        "swap_s": float(np.median([swap.duration_s for swap in swaps])),
        "swap_rss_mb": max(swap.rss_mb for swap in swaps),
        "swap_wall_max": max(float(swap.swapping.max()) for swap in swaps),
        "swap_ratio": float(np.median(ratios)),
        "swap_ratio_worst": max(ratios),
    }


def rss_mb() -> float:
    """Return the resident memory of this process in MB."""
    return float(psutil.Process().memory_info().rss / 1e6)


def time_requests_until(end: float, requests: list[AdRequest]) -> list[Times]:
    """Time requests until this moment, in batches of fifty; return milliseconds of wall clock."""
    times, rng = [], thread_random()
    while time.monotonic() < end:
        first = int(rng.integers(len(requests)))
        times.append(time_requests(requests[first : first + 50])[1])
    return times


def time_requests(requests: Iterable[AdRequest]) -> tuple[Times, Times]:
    """Return the milliseconds of CPU and of wall clock of each request."""
    cpu, wall = [], []
    for request in requests:
        began, before = time.perf_counter_ns(), time.thread_time_ns()
        select(request)
        cpu.append((time.thread_time_ns() - before) / 1e6)
        wall.append((time.perf_counter_ns() - began) / 1e6)
    return np.array(cpu), np.array(wall)


def select(request: AdRequest) -> bool:
    """Select an ad for the request; return whether there is one."""
    market = serving_state()
    shortlist = find_contenders(
        market.snapshot, request, live=market.live, now=1_800_000_000, random=thread_random()
    )
    return decide(shortlist, {}).winner is not None


if __name__ == "__main__":
    main()
