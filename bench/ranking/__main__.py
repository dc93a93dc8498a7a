"""Measures voting, cascades, routing, pacing and ranking on recorded answers, on test halves only.

python -m bench.ranking [--data DIR] [--quick] [--only NAME]
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[2]

from aggregator.training.recordings import read_recorded_sets  # noqa: E402
from bench.ranking.budget_pacing import bench_pacing  # noqa: E402
from bench.ranking.cascades import bench_cascades  # noqa: E402
from bench.ranking.latency import bench_speed  # noqa: E402
from bench.ranking.pairs import bench_pairs  # noqa: E402
from bench.ranking.rankers import bench_rankers  # noqa: E402
from bench.ranking.report import Report  # noqa: E402
from bench.ranking.routers import Stream, bench_routers  # noqa: E402
from bench.ranking.votes import bench_votes  # noqa: E402

SPLITS, QUICK_SPLITS = 10, 2
ROWS, QUICK_ROWS = 20_000, 1_200


def main() -> None:
    """Run the requested parts, print their tables, and end with one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument(
        "--quick", action="store_true", help="two splits of small sets: a smoke run that judges few goals"
    )
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    splits, rows = (QUICK_SPLITS, QUICK_ROWS) if options.quick else (SPLITS, ROWS)
    short = read_recorded_sets(options.data)
    report = Report(options.quick)

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
    print()
    for name, goal in report.goals.items():
        print(f"  {'ok  ' if goal['ok'] else 'SHORT'} {name:42s} {goal['value']:>9} must {goal['must']}")
    for name in report.not_judged:
        print(f"  --   {name:42s} {report.figures[name]:>9} quick: not judged")
    print(json.dumps(_to_json(report), ensure_ascii=False))


def _to_json(report: Report) -> dict[str, object]:
    document: dict[str, object] = {"bench": "ranking", "figures": report.figures, "goals": report.goals}
    return document | ({"not_judged": report.not_judged} if report.not_judged else {})


if __name__ == "__main__":
    main()
