"""Selection at scale: 100,000 ads and 500,000 keywords in memory, one core, and a swap in the middle.

Two inventories: one where a phrase has as many rivals as real keywords have, and a dense one, where most
keywords are made of the same hundred words and hundreds of ads fight over each.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import psutil  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from ads.contract import AdRequest  # noqa: E402
from ads.selection.build import build  # noqa: E402
from ads.selection.eligibility import LiveBits, LiveStates, lay_out  # noqa: E402
from ads.selection.index import Snapshot, load  # noqa: E402
from ads.selection.select import choose  # noqa: E402
from bench.ad_markets.inventories import invent, requests  # noqa: E402
from bench.ad_markets.report import Report  # noqa: E402

SWAP_TURNS = 10
LIVE = LiveBits(off=frozenset(range(1, 200)), out_of_money=frozenset(range(200, 400)))


def main() -> None:
    """Measure both sizes in processes of their own, so that each one's memory is its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the size: a smoke run, not a proof")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--dense", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=20_000)
    asked = parser.parse_args()
    if asked.serve:
        print(json.dumps(serve(asked.serve, asked.count, is_dense=asked.dense)))
        return
    scale = 10 if asked.quick else 1
    report = Report("ad_selection")
    for is_dense in (False, True):
        hold(report, scale, asked.count // scale, is_dense=is_dense)
    report.close()


def hold(report: Report, scale: int, count: int, *, is_dense: bool) -> None:
    """Measure both sizes of one inventory and hold them against the goals."""
    kind = "dense_" if is_dense else ""
    small = measure(100_000 // scale, 500_000 // scale, count, is_dense=is_dense)
    report.at_most(f"{kind}cpu_p99_ms_500k_keywords", small["cpu_p99"], 3)
    report.at_least(f"{kind}selections_a_second_a_core", small["rate"], 1_500)
    report.at_most(f"{kind}rss_mb", small["rss_mb"], 400)
    report.at_most(f"{kind}p99_in_a_swap_over_steady", small["swap_ratio"], 1.2)
    large = measure(200_000 // scale, 1_000_000 // scale, count, is_dense=is_dense)
    report.at_most(f"{kind}cpu_p99_ms_1m_keywords", large["cpu_p99"], 8)


def measure(ads: int, keywords: int, count: int, *, is_dense: bool) -> dict[str, float]:
    """Build a snapshot of that size here and serve it elsewhere."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "snapshot"
        began = time.monotonic()
        path.write_bytes(build(invent(ads, keywords, is_dense=is_dense), version="bench").dump())
        built = time.monotonic() - began
        words = [sys.executable, "-m", "bench.ad_selection", "--serve", str(path), "--count", str(count)]
        words += ["--dense"] if is_dense else []
        served = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(served.stdout.splitlines()[-1])
    kind = "dense" if is_dense else ""
    print(f"{ads:>9,} ads {keywords:>10,} keywords {kind}: invented and built in {built:.0f} s, "
          + ", ".join(f"{name} {value:.2f}" for name, value in figures.items()))  # fmt: skip
    return figures


def serve(path: Path, count: int, *, is_dense: bool) -> dict[str, float]:
    """Load the snapshot and answer requests from it; return what that took."""
    began = time.monotonic()
    snapshot = load(path.read_bytes())
    loaded = time.monotonic() - began
    live = lay_out(snapshot, LIVE)
    asked = list(requests(phrases_of(snapshot), count, is_dense=is_dense))
    for request in asked[:200]:
        select(snapshot, live, request)
    rss = psutil.Process().memory_info().rss / 1e6
    cpu, _ = clock(snapshot, live, asked)
    found = sum(select(snapshot, live, request) for request in asked[:1000]) / 1000
    steady, swapping = clock_swaps(path, snapshot, live, asked)
    return {
        "load_ms": loaded * 1e3,
        "rss_mb": rss,
        "filled": found,
        "cpu_p50": float(np.percentile(cpu, 50)),
        "cpu_p99": float(np.percentile(cpu, 99)),
        "cpu_p999": float(np.percentile(cpu, 99.9)),
        "wall_p99": float(np.percentile(steady, 99)),
        "rate": 1e3 / float(cpu.mean()),
        "swap_ratio": float(np.percentile(swapping, 99) / np.percentile(steady, 99)),
    }


def clock_swaps(
    path: Path, snapshot: Snapshot, live: LiveStates, asked: list[AdRequest]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the wall clock of requests in peace and during swaps, by turns, for neighbours disturb both."""
    steady, swapping = [], []
    for turn in range(SWAP_TURNS):
        part = asked[turn::SWAP_TURNS]
        steady.append(clock(snapshot, live, part)[1])
        stop = threading.Event()
        loader = threading.Thread(target=keep_loading, args=(path, stop))
        loader.start()
        swapping.append(clock(snapshot, live, part)[1])
        stop.set()
        loader.join()
    return np.concatenate(steady), np.concatenate(swapping)


def keep_loading(path: Path, stop: threading.Event) -> None:
    """Load the snapshot every few seconds, as a process does when a new one is published."""
    while not stop.is_set():
        load(path.read_bytes())
        stop.wait(2)


def phrases_of(snapshot: Snapshot) -> list[tuple[int, tuple[int, ...]]]:
    """Return terms of several words with the ids of those words."""
    start = snapshot.term_token_start
    ids = snapshot.term_ids
    many = np.flatnonzero(start[1:] > start[:-1])[:50_000]
    return [
        (int(ids[term]), tuple(ids[snapshot.term_tokens[start[term] : start[term + 1]]].tolist()))
        for term in many
    ]


def clock(
    snapshot: Snapshot, live: LiveStates, asked: list[AdRequest]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the milliseconds of CPU and of wall clock that each request took."""
    cpu, wall = np.zeros(len(asked)), np.zeros(len(asked))
    for place, request in enumerate(asked):
        began, before = time.perf_counter_ns(), time.thread_time_ns()
        select(snapshot, live, request)
        cpu[place] = (time.thread_time_ns() - before) / 1e6
        wall[place] = (time.perf_counter_ns() - began) / 1e6
    return cpu, wall


def select(snapshot: Snapshot, live: LiveStates, request: AdRequest) -> bool:
    """Choose an ad for the request; say whether there was one."""
    decision = choose(
        snapshot,
        request,
        live=live,
        count_views=lambda campaigns: {},
        now=1_800_000_000,
        random=np.random.default_rng(7),
    )
    return decision.winner is not None


if __name__ == "__main__":
    main()
