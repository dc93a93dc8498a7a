"""Voting, cascades, routing, pacing and ranking of recorded answers, through the functions of a live turn.

Weights are those that ship, or those that calibration makes of the train halves (with `--train`: of that
folder).
"""

import os
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from aggregator.training.recordings import read_json_lines, read_recorded_sets
from bench.ranking.budget_pacing import bench_pacing
from bench.ranking.cascades import bench_cascades
from bench.ranking.latency import bench_speed
from bench.ranking.pairs import bench_pairs
from bench.ranking.rankers import bench_rankers
from bench.ranking.report import RankingReport
from bench.ranking.routers import RatedPrompts, bench_routers
from bench.ranking.votes import bench_votes
from bench.report import bench_parser

SPLITS, QUICK_SPLITS = 10, 2
ROWS, QUICK_ROWS = 6_000, 1_200


def main() -> None:
    """Run the requested parts, print their tables, and end with one line of JSON."""
    parser = bench_parser(__doc__, quick="two splits of small sets: a smoke run that judges few goals")
    parser.add_argument("--only", default="")
    parser.add_argument("--train", type=Path, help="fit on this folder and judge on all of --data")
    options = parser.parse_args()
    splits, rows = (QUICK_SPLITS, QUICK_ROWS) if options.quick else (SPLITS, ROWS)
    short = read_recorded_sets(options.data)
    train = read_recorded_sets(options.train) if options.train else []
    report = RankingReport(is_quick=options.quick)

    @cache
    def read_prompts(folder: Path | None) -> list[RatedPrompts]:
        paths = sorted((folder / "routing").glob("*.jsonl.gz")) if folder else []
        return [RatedPrompts(path, rows) for path in paths if read_json_lines(path)]

    parts: dict[str, Callable[[], None]] = {
        "vote": lambda: bench_votes(short, train, report, splits, rows),
        "cascade": lambda: bench_cascades(short, train, report, splits, rows),
        "router": lambda: bench_routers(
            read_prompts(options.data), read_prompts(options.train), report, splits
        ),
        "pacing": lambda: bench_pacing(short, report, splits),
        "rank": lambda: bench_rankers(options.data, report, splits, options.train),
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
