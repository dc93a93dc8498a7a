"""Part 6: of two answers by one model, do the self-checks tell which one is correct?"""

from pathlib import Path
from typing import Any

import numpy as np

from aggregator.pipeline.ranking.self_checks import CHECKS, run_checks, score_checks
from aggregator.pipeline.ranking.style_features import Numbers
from aggregator.pipeline.ranking.style_weights import extract_response_features
from aggregator.pipeline.ranking.weights import get_active_weights
from aggregator.pipeline.types import Question
from aggregator.training.recordings import detect_language, read_json_lines
from bench.ranking.report import RankingReport

SIDES = ("response_A", "response_B")


def _share_right(margins: Numbers) -> tuple[float, float]:
    """Return the share of pairs ordered right, where a tie counts half, and its standard error."""
    right = np.where(margins > 1e-9, 1.0, np.where(margins < -1e-9, 0.0, 0.5))
    return float(right.mean()), float(right.std() / np.sqrt(len(right)))


def _prefer_form(row: dict[str, Any]) -> float:
    """Return by how much the shipped style weights prefer the first answer."""
    shipped = get_active_weights().styles.get("en")
    if shipped is None:
        return 0.0
    question = Question(row["question"], detect_language(row["question"]))
    scores = shipped.score(extract_response_features(question, [row[side] for side in SIDES]))
    return float(scores[0] - scores[1])


def bench_pairs(folder: Path, report: RankingReport) -> None:
    """Compare every pair by the self-checks; nothing is fitted on pairs, so all of them are test data."""
    for path in sorted((folder / "pairs").glob("*.jsonl.gz")):
        rows = read_json_lines(path)
        truth = np.array([1.0 if row["label"] == "A>B" else -1.0 for row in rows])
        gaps = np.array([
            run_checks(row["question"], row[SIDES[0]]) - run_checks(row["question"], row[SIDES[1]])
            for row in rows
        ])  # fmt: skip
        share, error = _share_right(score_checks(gaps) * truth)
        form, _ = _share_right(np.array([_prefer_form(row) for row in rows]) * truth)
        name = path.name.removesuffix(".jsonl.gz")
        report.print_row(f"\nPairs ({name}, {len(rows)}): checks | shipped style weights")
        report.print_row(f"  {share:.3f} ± {error:.3f} (standard error) | {form:.3f}")
        for check, gap in zip(CHECKS, gaps.T, strict=True):
            signed = gap * truth
            if signed.any():
                right, _ = _share_right(signed[signed != 0])
                report.print_row(f"    {check:18s} differs in {np.mean(signed != 0):5.1%}, right {right:.1%}")
        report.note(f"pairs.{name}.form", form)
        report.note(f"pairs.{name}.error", error)
        report.add_goal(f"pairs.{name}.accuracy", share, 0.52, is_steady=True)
