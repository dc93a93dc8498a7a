"""Selection at scale: 100,000 ads and 500,000 keywords in memory, one core, and swaps while it serves.

Two inventories: one where a phrase has as many rivals as real keywords have, and a dense one, where most
keywords are made of the same hundred words and hundreds of ads fight over each. A process of its own serves
each (`ad_markets/selector.py`); a swap is the product's own, noticed, fetched from Valkey and laid out beside
the requests, from the moment it is published until the memory of what it replaced is given back. Each of a
dozen is held against the two seconds before it, and the median decides: a neighbour that wakes up is no swap.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from ads.selection.building.snapshot_builder import build_from_rows  # noqa: E402
from ads.selection.core.index import Snapshot  # noqa: E402
from bench.market.report import Report  # noqa: E402
from bench.market.synthetic_inventory import generate_inventory  # noqa: E402
from stack.servers.valkey import Valkey  # noqa: E402

VERSIONS = ("one", "other")


def main() -> None:
    """Measure both sizes in processes of their own, so that each one's memory is its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the size: a smoke run, not a proof")
    parser.add_argument("--count", type=int, default=20_000)
    options = parser.parse_args()
    scale = 10 if options.quick else 1
    report = Report("ad_selection")
    for is_dense in (False, True):
        check_goals(report, scale, options.count // scale, is_dense=is_dense)
    report.close()


def check_goals(report: Report, scale: int, count: int, *, is_dense: bool) -> None:
    """Measure both sizes of one inventory and hold them against the goals."""
    kind = "dense_" if is_dense else ""
    small = measure(100_000 // scale, 500_000 // scale, count, is_dense=is_dense)
    report.at_most(f"{kind}cpu_p99_ms_500k_keywords", small["cpu_p99"], 3)
    report.at_least(f"{kind}selections_a_second_a_core", small["rate"], 1_500)
    report.at_most(f"{kind}rss_mb", small["rss_mb"], 400)
    report.at_most(f"{kind}p99_in_a_swap_over_steady", small["swap_ratio"], 1.2)
    report.note(f"{kind}p99_in_the_worst_swap_over_steady", small["swap_ratio_worst"])
    report.note(f"{kind}rss_mb_in_a_swap", small["swap_rss_mb"])
    large = measure(200_000 // scale, 1_000_000 // scale, count, is_dense=is_dense)
    report.at_most(f"{kind}cpu_p99_ms_1m_keywords", large["cpu_p99"], 8)
    report.note(f"{kind}p99_in_a_swap_over_steady_1m_keywords", large["swap_ratio"])


def measure(ads: int, keywords: int, count: int, *, is_dense: bool) -> dict[str, float]:
    """Build a snapshot of that size here and serve it elsewhere."""
    kind = "dense" if is_dense else "usual"
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        snapshot = build_from_rows(generate_inventory(ads, keywords, is_dense=is_dense), version=VERSIONS[0])
        built = time.monotonic() - began
        for version in VERSIONS:
            (Path(folder) / version).write_bytes(replace(snapshot, version=version).dump())
        del snapshot
        figures = serve(folder, count, kind)
    print(f"{ads:>9,} ads {keywords:>10,} keywords, {kind}: invented and built in {built:.0f} s, "
          + ", ".join(f"{name} {value:.2f}" for name, value in figures.items()), flush=True)  # fmt: skip
    return figures


def serve(folder: str, count: int, kind: str) -> dict[str, float]:
    """Let another process serve the snapshots of this folder, from a Valkey of its own."""
    valkey = Valkey(Path(folder) / "valkey", password="unguarded", is_durable=False)  # noqa: S106
    words = [sys.executable, "-m", "bench.market.selection_process", folder, str(count), kind]
    try:
        served = subprocess.run(
            words,
            cwd=ROOT,
            env=os.environ | {"REDIS_URL": valkey.start()},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    finally:
        valkey.stop()
    figures: dict[str, float] = json.loads(served.stdout.splitlines()[-1])
    return figures


def list_phrases(snapshot: Snapshot) -> list[tuple[int, tuple[int, ...]]]:
    """Return terms of several words with the ids of those words."""
    start = snapshot.term_token_start
    ids = snapshot.term_ids
    many = np.flatnonzero(start[1:] > start[:-1])[:50_000]
    return [
        (int(ids[term]), tuple(ids[snapshot.term_tokens[start[term] : start[term + 1]]].tolist()))
        for term in many
    ]


if __name__ == "__main__":
    main()
