"""Part 4, the hard half: of two answers by one model, does what can be checked tell which is correct?"""

from pathlib import Path
from typing import Any

import numpy as np

from aggregator.pipeline.ranking.self_checks import CHECKS, run_checks, score_checks
from aggregator.pipeline.ranking.style_features import Numbers
from aggregator.pipeline.ranking.style_weights import extract_response_features
from aggregator.pipeline.ranking.weights import get_active_weights
from aggregator.pipeline.types import Question
from aggregator.training.recordings import detect_language, read_json_lines
from bench.ranking.report import Report

SIDES = ("response_A", "response_B")


def _share_right(margins: Numbers) -> tuple[float, float]:
    """Return the share of pairs told right, a tie being half, and its standard error."""
    right = np.where(margins > 1e-9, 1.0, np.where(margins < -1e-9, 0.0, 0.5))
    return float(right.mean()), float(right.std() / np.sqrt(len(right)))


def _prefer_form(row: dict[str, Any]) -> float:
    """Return by how much the preference head that ships likes the first answer better."""
    shipped = get_active_weights().styles.get("en")
    if shipped is None:
        return 0.0
    question = Question(row["question"], detect_language(row["question"]))
    scores = shipped.score(extract_response_features(question, [row[side] for side in SIDES]))
    return float(scores[0] - scores[1])


def bench_pairs(folder: Path, report: Report) -> None:
    """Judge every pair by the product's own checks; nothing is fitted on pairs, so every one is a test."""
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
        report.say(f"\nPairs ({name}, {len(rows)}): checks | preference head that ships")
        report.say(f"  {share:.3f} ± {error:.3f} (standard error) | {form:.3f}")
        for check, gap in zip(CHECKS, gaps.T, strict=True):
            told = gap * truth
            if told.any():
                right, _ = _share_right(told[told != 0])
                report.say(f"    {check:18s} tells {np.mean(told != 0):5.1%}, right {right:.1%}")
        report.keep(f"pairs.{name}.form", form)
        report.keep(f"pairs.{name}.error", error)
        report.goal(f"pairs.{name}.accuracy", share, 0.52, is_steady=True)
