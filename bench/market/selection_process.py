"""A process that serves one inventory as the product does and times it, for bench/ad_selection.py."""

import cProfile
import json
import os
import pstats
import sys
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

import numpy as np  # noqa: E402
import psutil  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from ads.contract import AdRequest, ServedAd, decode_request  # noqa: E402
from ads.infra.redis_client import redis_client  # noqa: E402
from ads.selection.core.overrides import LiveOverrides, encode_overrides  # noqa: E402
from ads.selection.serving.serve import serve, thread_random  # noqa: E402
from ads.selection.serving.snapshot_store import LIVE_KEY, VERSION_KEY, snapshot_key  # noqa: E402
from ads.selection.serving.snapshots import CHECK_SECONDS, RETIRED_SECONDS, serving_state  # noqa: E402
from bench.market.synthetic_inventory import VERSIONS  # noqa: E402

MAX_SWAP_SECONDS = 30.0
WARM_UP = 500
LIVE = LiveOverrides(off=frozenset(range(1, 200)), out_of_money=frozenset(range(200, 400)))
Array = NDArray[np.float64]


class Times(NamedTuple):
    """Milliseconds of processor and of wall clock of each request, shape (n,), and whether it got an ad."""

    cpu: Array
    wall: Array
    is_filled: NDArray[np.bool_]


class Swap(NamedTuple):
    """Milliseconds of the requests before and during one swap, its duration and the memory then in MB."""

    steady: Array
    swapping: Array
    duration_s: float
    rss_mb: float


def main() -> None:
    """Serve the snapshots of a folder, time its requests, and print the figures."""
    folder, swaps = Path(sys.argv[1]), int(sys.argv[2])
    for version in VERSIONS:
        redis_client().set(snapshot_key(version), (folder / version).read_bytes())
    redis_client().set(LIVE_KEY, encode_overrides(LIVE))
    redis_client().set(VERSION_KEY, VERSIONS[0])
    documents = json.loads((folder / "requests.json").read_text(encoding="utf-8"))
    requests = [decode_request(document) for document in documents]
    del documents
    began = time.monotonic()
    serving_state()
    loaded = time.monotonic() - began
    time_requests(requests[:WARM_UP])
    if "profile" in sys.argv:
        profile_requests(requests)
    times = time_requests(requests)
    filled = times.cpu[times.is_filled]
    figures = {
        "load_ms": loaded * 1e3,
        "rss_mb": rss_mb(),
        "named": sum(len(request.term_ids) for request in requests) / len(requests),
        "filled": float(times.is_filled.mean()),
        "cpu_p50": float(np.percentile(times.cpu, 50)),
        "cpu_p99": float(np.percentile(times.cpu, 99)),
        "cpu_p999": float(np.percentile(times.cpu, 99.9)),
        "filled_cpu_p50": float(np.percentile(filled, 50)),
        "filled_cpu_p99": float(np.percentile(filled, 99)),
        "rate": 1e3 / float(times.cpu.mean()),
        **summarize_swaps(
            [time_swap(requests, VERSIONS[(turn + 1) % len(VERSIONS)]) for turn in range(swaps)]
        ),
    }
    print(json.dumps(figures))


def profile_requests(requests: list[AdRequest]) -> None:
    """Print which functions the requests spend their time in."""
    profile = cProfile.Profile()
    profile.runcall(time_requests, requests)
    pstats.Stats(profile).sort_stats("cumulative").print_stats(70)


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


def time_requests_until(end: float, requests: list[AdRequest]) -> list[Array]:
    """Time requests until this moment, in batches of fifty; return milliseconds of wall clock."""
    times, rng = [], thread_random()
    while time.monotonic() < end:
        first = int(rng.integers(len(requests)))
        times.append(time_requests(requests[first : first + 50]).wall)
    return times


def time_requests(requests: Sequence[AdRequest]) -> Times:
    """Time these requests, each as that of a person who has not been seen today."""
    cpu, wall, is_filled = [], [], []
    for request in list(of_new_persons(requests)):
        began, before = time.perf_counter_ns(), time.thread_time_ns()
        answer = serve(request)
        cpu.append((time.thread_time_ns() - before) / 1e6)
        wall.append((time.perf_counter_ns() - began) / 1e6)
        is_filled.append(isinstance(answer, ServedAd))
    return Times(np.array(cpu), np.array(wall), np.array(is_filled))


def of_new_persons(requests: Iterable[AdRequest]) -> Iterable[AdRequest]:
    """Yield the requests as turns of persons of their own."""
    for request in requests:
        yield replace(request, request_id=str(uuid.uuid4()), frequency_key=uuid.uuid4().hex[:16])


if __name__ == "__main__":
    main()
