"""Voting, cascades, routing, pacing and ranking on recorded answers, on test halves only."""

import os
import time
from collections.abc import Callable
from functools import cache

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from aggregator.training.recordings import read_recorded_sets
from bench.ranking.budget_pacing import bench_pacing
from bench.ranking.cascades import bench_cascades
from bench.ranking.latency import bench_speed
from bench.ranking.pairs import bench_pairs
from bench.ranking.rankers import bench_rankers
from bench.ranking.report import RankingReport
from bench.ranking.routers import Stream, bench_routers
from bench.ranking.votes import bench_votes
from bench.report import bench_parser

SPLITS, QUICK_SPLITS = 10, 2
ROWS, QUICK_ROWS = 20_000, 1_200


def main() -> None:
    """Run the requested parts, print their tables, and end with one line of JSON."""
    parser = bench_parser(__doc__, quick="two splits of small sets: a smoke run that judges few goals")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    splits, rows = (QUICK_SPLITS, QUICK_ROWS) if options.quick else (SPLITS, ROWS)
    short = read_recorded_sets(options.data)
    report = RankingReport(is_quick=options.quick)

    @cache
    def streams() -> list[Stream]:
        return [Stream(path, rows) for path in sorted((options.data / "routing").glob("*.jsonl.gz"))]

    parts: dict[str, Callable[[], None]] = {
        "vote": lambda: bench_votes(short, report, splits, rows),
        "cascade": lambda: bench_cascades(short, report, splits),
        "router": lambda: bench_routers(streams(), report, splits),
        "pacing": lambda: bench_pacing(short, report, splits),
        "rank": lambda: bench_rankers(options.data, report, splits),
        "pairs": lambda: bench_pairs(options.data, report),
        "speed": lambda: bench_speed(options.data, report),
    }
    for name, run in parts.items():
        if options.only in ("", name):
            began = time.monotonic()
            run()
            report.print_row(f"  [{name}: {time.monotonic() - began:.0f} s, {splits} splits]")
    report.close()


if __name__ == "__main__":
    main()
