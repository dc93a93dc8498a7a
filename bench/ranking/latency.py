"""Part 7: how long does ranking take for eight candidates with recorded texts?"""

import time
from pathlib import Path

import numpy as np

from aggregator.pipeline.ranking.rank import rank
from aggregator.pipeline.types import Draft, Question
from aggregator.training.recordings import detect_language, read_json_lines
from bench.ranking.report import RankingReport

PANEL = 8
TURNS = 60


def bench_speed(folder: Path, report: RankingReport) -> None:
    """Measure the processor time of rank, which includes the vote."""
    times_ms = []
    for path in sorted((folder / "open_answers").glob("*.jsonl.gz")):
        for row in read_json_lines(path)[:TURNS]:
            question = Question(row["prompt"], detect_language(row["prompt"]))
            drafts = [
                Draft(str(index), answer["model"], answer["model"], 0.5, answer["text"])
                for index, answer in enumerate(row["candidates"][:PANEL])
            ]
            started = time.process_time()
            rank(question, drafts)
            times_ms.append((time.process_time() - started) * 1_000)
    if times_ms:
        middle, tail = float(np.median(times_ms)), float(np.percentile(times_ms, 95))
        report.print_row(
            f"\nSpeed: rank and vote of {PANEL} candidates: median {middle:.1f} ms, p95 {tail:.1f} ms of CPU"
        )
        report.note("speed.p95_ms", tail)
        report.add_goal("speed.median_ms", middle, 5.0, at_most=True, is_steady=True)
    else:
        report.miss_goal("speed.median_ms", 5.0, "no open answers", at_most=True)
