"""Fits the same-answer head on labelled passes: `python -m aggregator.training.fit_agreement`.

Thresholds are chosen on predictions for passes that the head was not fitted on.
"""

import argparse
import gzip
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier

from aggregator.pipeline.agreement.agreement import Thresholds
from aggregator.pipeline.agreement.expected_answer import read_question
from aggregator.pipeline.agreement.features import FEATURES, measure_pair
from aggregator.pipeline.agreement.readings import read_answer
from aggregator.pipeline.agreement.same_answer_head import WEIGHTS, Numbers, SameAnswerHead, parse_head

PASSES = Path(__file__).resolve().parents[2] / "data" / "agreement" / "train"
SAME_PRECISION, MOST_SPLIT = 0.9, 0.05
DEPTH, TREES, RATE, SEEDS = 3, 90, 0.08, 3


@dataclass(frozen=True)
class LabelledPairs:
    """The pairs of one pass: features, whether they say the same, and the kind of their question."""

    name: str
    rows: Numbers
    same: Numbers
    kinds: tuple[str, ...]


def read_pass(path: Path) -> list[dict[str, Any]]:
    """Return the questions of a pass, of plain or compressed JSON lines."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in content.decode().splitlines() if line.strip()]


def list_passes(folder: Path) -> list[Path]:
    """Return the files of a folder of passes, in order."""
    return sorted([*folder.glob("*.jsonl"), *folder.glob("*.jsonl.gz")])


def number_groups(question: dict[str, Any]) -> dict[int, int]:
    """Return the number of each answer's group."""
    return {index: number for number, group in enumerate(question["groups"]) for index in group}


def measure_pass(path: Path) -> LabelledPairs:
    """Return the features and labels of all pairs of a pass."""
    rows, same, kinds = [], [], []
    for question in read_pass(path):
        expected, groups = read_question(question["prompt"]), number_groups(question)
        readings = [read_answer(expected, text) for text in question["answers"]]
        for one, other in combinations(range(len(readings)), 2):
            rows.append(measure_pair(expected, readings[one], readings[other]))
            same.append(float(groups[one] == groups[other]))
            kinds.append(question["kind"])
    return LabelledPairs(path.name.split(".")[0], np.array(rows), np.array(same), tuple(kinds))


def _fill_tree(tree: Any) -> tuple[list[int], list[float], list[float]]:
    """Return a tree as a complete one of DEPTH levels: leaves above the bottom are repeated below."""
    features, cuts = [0] * (2**DEPTH - 1), [np.inf] * (2**DEPTH - 1)
    leaves = [0.0] * 2**DEPTH

    def place(node: int, at: int) -> None:
        is_leaf = tree.children_left[node] < 0
        if at >= len(features):
            leaves[at - len(features)] = float(tree.value[node][0, 0])
            return
        if not is_leaf:
            features[at], cuts[at] = int(tree.feature[node]), float(tree.threshold[node])
        place(node if is_leaf else int(tree.children_left[node]), 2 * at + 1)
        place(node if is_leaf else int(tree.children_right[node]), 2 * at + 2)

    place(0, 0)
    return features, cuts, leaves


def fit_trees(passes: Sequence[LabelledPairs], seed: int = 0) -> dict[str, Any]:
    """Fit the trees on passes and return the head's JSON values, without thresholds."""
    rows, same = (
        np.concatenate([each.rows for each in passes]),
        np.concatenate([each.same for each in passes]),
    )
    model = GradientBoostingClassifier(
        n_estimators=TREES, max_depth=DEPTH, learning_rate=RATE, subsample=0.7, min_samples_leaf=12,
        max_features=0.4, random_state=seed,
    ).fit(rows, same)  # fmt: skip
    filled = [_fill_tree(stage[0].tree_) for stage in model.estimators_]
    base = float(np.clip(same.mean(), 1e-3, 1 - 1e-3))
    return {
        "features": list(FEATURES),
        "trees": {
            "features": [features for features, _, _ in filled],
            "cuts": [[min(1e9, round(cut, 6)) for cut in cuts] for _, cuts, _ in filled],
            "leaves": [[round(RATE * leaf, 5) for leaf in leaves] for _, _, leaves in filled],
        },
        "bias": round(float(np.log(base / (1 - base))), 5),
        "thresholds": {"same": 0.9, "different": 0.1},
    }


def predict_left_out(passes: Sequence[LabelledPairs]) -> tuple[Numbers, Numbers]:
    """Return the probability and label of every pair, each by trees fitted without its pass."""
    predicted, same = [], []
    for held_out in passes:
        head = parse_head(fit_trees([each for each in passes if each is not held_out]))
        predicted.append(head.predict(held_out.rows))
        same.append(held_out.same)
    return np.concatenate(predicted), np.concatenate(same)


def choose_thresholds(predicted: Numbers, same: Numbers) -> Thresholds:
    """Return the lowest threshold of the wanted precision, and the highest that splits few same pairs."""
    order = np.argsort(-predicted)
    precision = np.cumsum(same[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(precision >= SAME_PRECISION)
    lowest = float(predicted[order][enough[-1]]) if len(enough) else 0.97
    different = float(np.quantile(predicted[same == 1], MOST_SPLIT))
    return Thresholds(round(lowest, 4), round(min(different, lowest - 0.01), 4))


def fit_head(passes: Sequence[LabelledPairs]) -> dict[str, Any]:
    """Fit the head on all passes, with thresholds from predictions for left-out ones."""
    document = fit_trees(passes)
    thresholds = choose_thresholds(*predict_left_out(passes))
    document["thresholds"] = {"same": thresholds.same, "different": thresholds.different}
    document["provenance"] = {
        "passes": {each.name: len(each.same) for each in passes},
        "command": "python -m aggregator.training.fit_agreement",
    }
    return document


def main() -> None:
    """Fit the head on a folder of passes and write it beside the code that reads it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passes", type=Path, default=PASSES, help="a folder of labelled passes")
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    document = fit_head([measure_pass(path) for path in list_passes(options.passes)])
    head: SameAnswerHead = parse_head(document)
    options.out.write_text(json.dumps(document, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(head.features)} trees, {head.thresholds}\n")


if __name__ == "__main__":
    main()
