"""Part 4, the hard half: of two answers by one model, does form tell which is correct?"""

from pathlib import Path
from typing import Any

import numpy as np

from aggregator.pipeline.heads import current_heads
from aggregator.pipeline.likeness import count_shared
from aggregator.pipeline.recordings import find_language, read_lines
from aggregator.pipeline.shapes import Question
from aggregator.pipeline.style import Numbers, measure_style
from aggregator.pipeline.style_head import OpenSheet, fit_pair_head
from bench.kitchens.report import Report, spread


def _read_pairs(rows: list[dict[str, Any]]) -> OpenSheet:
    """Return pairs as judged answers: the correct one is worth 1, the other 0; sides are drawn anew."""
    rng = np.random.default_rng(5)
    styles, utilities, shared = [], [], []
    for row in rows:
        question = Question(row["question"], find_language(row["question"]))
        pair = [measure_style(question, row[side]) for side in ("response_A", "response_B")]
        worth = [1.0, 0.0] if row["label"] == "A>B" else [0.0, 1.0]
        order = rng.permutation(2)
        styles.append([pair[side] for side in order])
        shared.append(count_shared([row[("response_A", "response_B")[side]] for side in order]))
        utilities.append([worth[side] for side in order])
    return OpenSheet(("first", "second"), np.array(styles), np.array(utilities), np.array(shared))


def _share_right(scores: Numbers, sheet: OpenSheet) -> float:
    margin = (scores[:, 0] - scores[:, 1]) * (sheet.utilities[:, 0] - sheet.utilities[:, 1])
    return float(np.mean(np.where(margin > 0, 1.0, np.where(margin == 0, 0.5, 0.0))))


def bench_pairs(folder: Path, report: Report, splits: int) -> None:
    """Fit on the train half of the pairs; also show the head that ships, which has never seen a pair."""
    for path in sorted((folder / "pairs").glob("*.jsonl.gz")):
        sheet = _read_pairs(read_lines(path))
        shipped = current_heads().styles.get("en")
        fitted, ready = [], []
        for seed in range(splits):
            order = np.random.default_rng(seed).permutation(len(sheet.utilities))
            train, test = sheet.take(order[: len(order) // 2]), sheet.take(order[len(order) // 2 :])
            head = fit_pair_head(train, seed)
            fitted.append(_share_right(np.array([head.score(forms) for forms in test.forms]), test))
            if shipped:
                scores = np.array([shipped.score(forms) for forms in test.forms])
                ready.append(_share_right(scores, test))
        name = path.name.removesuffix(".jsonl.gz")
        report.say(f"\nPairs ({name}): fitted on train pairs | preference head that ships")
        report.say(f"  {spread(fitted)} | {spread(ready)}")
        report.keep(f"pairs.{name}.shipped", float(np.mean(ready)) if ready else 0.5)
        report.goal(f"pairs.{name}.accuracy", float(np.mean(fitted)), 0.52)
