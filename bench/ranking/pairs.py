"""Part 6: of two answers by one model, does the live ranking put the correct one first?"""

from pathlib import Path
from typing import Any

import numpy as np

from aggregator.pipeline.ranking.rank import rank
from aggregator.pipeline.types import Draft, Question
from aggregator.training.recordings import detect_language, read_json_lines
from aggregator.training.response_matrix import Numbers
from bench.ranking.report import RankingReport

SIDES = ("response_A", "response_B")
_PUBLIC_QUALITY = 0.6
_MUST = 0.52


def _share_right(margins: Numbers) -> tuple[float, float]:
    """Return the share of pairs ordered right, where a tie counts half, and its standard error."""
    right = np.where(margins > 1e-9, 1.0, np.where(margins < -1e-9, 0.0, 0.5))
    return float(right.mean()), float(right.std() / np.sqrt(len(right)))


def _measure_margin(row: dict[str, Any]) -> tuple[float, bool]:
    """Return by how much the first answer leads, and whether the answers were voted on."""
    question = Question(row["question"], detect_language(row["question"]))
    drafts = [Draft(side, "one", "one", _PUBLIC_QUALITY, row[side]) for side in SIDES]
    ranking = rank(question, drafts)
    scores = {standing.candidate: standing.score for standing in ranking.standings}
    return scores[SIDES[0]] - scores[SIDES[1]], ranking.compared > 0


def bench_pairs(folder: Path, report: RankingReport) -> None:
    """Rank every pair; nothing is fitted on pairs, so all of them are test data."""
    paths = sorted((folder / "pairs").glob("*.jsonl.gz"))
    if not paths:
        report.miss_goal("pairs.accuracy", _MUST, "no pairs")
    for path in paths:
        rows = read_json_lines(path)
        if not rows:
            continue
        truth = np.array([1.0 if row["label"] == "A>B" else -1.0 for row in rows])
        found = [_measure_margin(row) for row in rows]
        share, error = _share_right(np.array([margin for margin, _ in found]) * truth)
        voted = float(np.mean([is_voted for _, is_voted in found]))
        name = path.name.removesuffix(".jsonl.gz")
        report.print_row(f"\nPairs through rank() ({name}, {len(rows)}): right | voted on")
        report.print_row(f"  {share:.3f} ± {error:.3f} (standard error) | {voted:.0%}")
        report.note(f"pairs.{name}.error", error)
        report.add_goal(f"pairs.{name}.accuracy", share, _MUST, is_steady=True)
