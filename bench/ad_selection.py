"""Ad selection at scale: 100,000 ads and 500,000 keywords in memory, one core, swaps while serving.

There are two inventories: one where a phrase has as many competing ads as real keywords have, and a dense
one, where most keywords consist of the same hundred words and hundreds of ads compete for each. A child
process serves each (bench/market/selection_process.py). A swap is the product's own: it is noticed, fetched
from Valkey and built beside the requests, and lasts from publication until the memory of the old snapshot is
freed. Each of twelve swaps is compared with the two seconds before it, and the median counts, so that other
load on the machine does not.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from ads.selection.building.snapshot_builder import build_from_rows
from bench.market.synthetic_inventory import VERSIONS, generate_inventory
from bench.report import ROOT, Report, bench_parser
from testing.servers import StandaloneValkey
from testing.stores import PASSWORD


def main() -> None:
    """Measure both inventories."""
    parser = bench_parser(__doc__, quick="a tenth of the size: a smoke run, not a proof")
    parser.add_argument("--count", type=int, default=20_000)
    options = parser.parse_args()
    scale = 10 if options.quick else 1
    report = Report("ad_selection")
    for is_dense in (False, True):
        check_goals(report, scale, options.count // scale, is_dense=is_dense)
    report.close()


def check_goals(report: Report, scale: int, count: int, *, is_dense: bool) -> None:
    """Measure both sizes of one inventory and record the goals."""
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
    """Build a snapshot of this size and serve it in a child process, whose memory it alone takes."""
    kind = "dense" if is_dense else "usual"
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        snapshot = build_from_rows(generate_inventory(ads, keywords, is_dense=is_dense), version=VERSIONS[0])
        built = time.monotonic() - began
        for version in VERSIONS:
            (Path(folder) / version).write_bytes(replace(snapshot, version=version).dump())
        del snapshot
        figures = serve(folder, count, kind)
    print(f"{ads:>9,} ads {keywords:>10,} keywords, {kind}: generated and built in {built:.0f} s, "
          + ", ".join(f"{name} {value:.2f}" for name, value in figures.items()), flush=True)  # fmt: skip
    return figures


def serve(folder: str, count: int, kind: str) -> dict[str, float]:
    """Serve the snapshots of this folder in a child process with its own Valkey; return its figures."""
    valkey = StandaloneValkey(Path(folder) / "valkey", password=PASSWORD, is_durable=False)
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


if __name__ == "__main__":
    main()
