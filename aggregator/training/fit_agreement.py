"""Fits the same-answer head on labelled passes: `python -m aggregator.training.fit_agreement`.

First the saliences, then trees and a logistic regression over the features of pairs. Thresholds are chosen on
the groups that result for passes that neither was fitted on.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from aggregator.pipeline.agreement.agreement import Pair, Thresholds, Verdict, group_answers
from aggregator.pipeline.agreement.exact import compare_exactly
from aggregator.pipeline.agreement.features import FEATURES, measure_pair
from aggregator.pipeline.agreement.readings import read_answers
from aggregator.pipeline.agreement.salience import WEIGHTS as SALIENCE_WEIGHTS
from aggregator.pipeline.agreement.salience import load_weights
from aggregator.pipeline.agreement.same_answer_head import WEIGHTS, Numbers, parse_head
from aggregator.training.fit_salience import fit_salience
from aggregator.training.passes import TRAIN_PASSES, list_passes, number_groups, read_pass

SAME_PRECISION, MOST_SPLIT = 0.935, 0.05
DEPTH, TREES, RATE, SEEDS, PENALTY = 3, 60, 0.08, 4, 0.05


@dataclass(frozen=True)
class LabelledQuestion:
    """The pairs of one question's answers: features, what exact readers say, and labels."""

    count: int
    pairs: tuple[Pair, ...]
    rows: Numbers
    exact: tuple[float | None, ...]
    same: Numbers


@dataclass(frozen=True)
class LabelledPass:
    """The questions of one writer."""

    name: str
    questions: tuple[LabelledQuestion, ...]

    @property
    def rows(self) -> Numbers:
        """Return the features of all pairs."""
        return np.concatenate([each.rows for each in self.questions])

    @property
    def same(self) -> Numbers:
        """Return the labels of all pairs."""
        return np.concatenate([each.same for each in self.questions])


def measure_question(question: dict[str, Any]) -> LabelledQuestion:
    """Return the pairs of a question with their features and labels."""
    groups = number_groups(question)
    expected, readings = read_answers(question["prompt"], question["answers"])
    pairs = tuple(combinations(range(len(readings)), 2))
    return LabelledQuestion(
        count=len(readings),
        pairs=pairs,
        rows=np.array([measure_pair(expected, readings[a], readings[b]) for a, b in pairs]),
        exact=tuple(compare_exactly(expected, readings[a], readings[b]) for a, b in pairs),
        same=np.array([float(groups[a] == groups[b]) for a, b in pairs]),
    )


def measure_pass(path: Path) -> LabelledPass:
    """Return a pass with the features and labels of all its pairs."""
    questions = [measure_question(each) for each in read_pass(path) if len(each["answers"]) > 1]
    return LabelledPass(path.name.split(".")[0], tuple(questions))


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


def _fit_linear(rows: Numbers, same: Numbers) -> tuple[list[float], float]:
    """Return the weights and bias of a logistic regression on standardised features."""
    scaler = StandardScaler().fit(rows)
    model = LogisticRegression(C=PENALTY, max_iter=2_000).fit(scaler.transform(rows), same)
    weights = model.coef_[0] / scaler.scale_
    return [round(float(each), 5) for each in weights], round(
        float(model.intercept_[0] - weights @ scaler.mean_), 5
    )


def _fit_trees(rows: Numbers, same: Numbers, seed: int) -> list[tuple[list[int], list[float], list[float]]]:
    model = GradientBoostingClassifier(
        n_estimators=TREES, max_depth=DEPTH, learning_rate=RATE, subsample=0.7, min_samples_leaf=12,
        max_features=0.4, random_state=seed,
    ).fit(rows, same)  # fmt: skip
    return [_fill_tree(stage[0].tree_) for stage in model.estimators_]


def fit_scores(passes: Sequence[LabelledPass]) -> dict[str, Any]:
    """Fit trees and regression on passes and return the head's JSON values, with wide thresholds."""
    rows, same = (
        np.concatenate([each.rows for each in passes]),
        np.concatenate([each.same for each in passes]),
    )
    filled = [tree for seed in range(SEEDS) for tree in _fit_trees(rows, same, seed)]
    base = float(np.clip(same.mean(), 1e-3, 1 - 1e-3))
    linear, linear_bias = _fit_linear(rows, same)
    return {
        "features": list(FEATURES),
        "trees": {
            "features": [features for features, _, _ in filled],
            "cuts": [[min(1e9, round(cut, 6)) for cut in cuts] for _, cuts, _ in filled],
            "leaves": [[round(RATE * leaf / SEEDS, 5) for leaf in leaves] for _, _, leaves in filled],
        },
        "bias": round(float(np.log(base / (1 - base))), 5),
        "linear": linear,
        "linear_bias": linear_bias,
        "thresholds": {"same": 0.9, "different": 0.1},
    }


Predicted = tuple[LabelledQuestion, dict[Pair, float]]


def predict_left_out(passes: Sequence[LabelledPass]) -> Iterator[Predicted]:
    """Yield every question with its pairs' probabilities by a head that was fitted without its pass."""
    for held_out in passes:
        head = parse_head(fit_scores([each for each in passes if each is not held_out]))
        for question in held_out.questions:
            learned = head.predict(question.rows).tolist()
            sure = [p if exact is None else exact for p, exact in zip(learned, question.exact, strict=True)]
            yield question, dict(zip(question.pairs, sure, strict=True))


def measure_thresholds(predicted: Sequence[Predicted], thresholds: Thresholds) -> tuple[float, float, float]:
    """Return precision and recall of "same", and the share of same pairs said to differ, after grouping."""
    joined = hits = split = same = 0
    for question, probabilities in predicted:
        agreement = group_answers(probabilities, thresholds, [""] * question.count)
        for pair, is_same in zip(question.pairs, question.same, strict=True):
            verdict = agreement.verdicts[pair]
            joined += verdict == Verdict.SAME
            hits += verdict == Verdict.SAME and is_same > 0
            split += verdict == Verdict.DIFFERENT and is_same > 0
            same += is_same > 0
    return hits / max(joined, 1), hits / max(same, 1), split / max(same, 1)


def choose_thresholds(predicted: Sequence[Predicted]) -> Thresholds:
    """Return the lowest threshold of the wanted precision, and the highest that splits few same pairs."""
    same = next(
        (
            t
            for t in np.arange(0.6, 0.99, 0.01)
            if measure_thresholds(predicted, Thresholds(t, 0.0))[0] >= SAME_PRECISION
        ),
        0.98,
    )
    different = max(
        (
            t
            for t in np.arange(0.02, 0.5, 0.01)
            if measure_thresholds(predicted, Thresholds(same, t))[2] <= MOST_SPLIT
        ),
        default=0.02,
    )
    return Thresholds(round(float(same), 3), round(float(different), 3))


def fit_head(passes: Sequence[LabelledPass]) -> tuple[dict[str, Any], tuple[float, float, float]]:
    """Fit the head on all passes; return it, and its precision, recall and splits on left-out ones."""
    document = fit_scores(passes)
    predicted = list(predict_left_out(passes))
    thresholds = choose_thresholds(predicted)
    document["thresholds"] = {"same": thresholds.same, "different": thresholds.different}
    document["provenance"] = {
        "passes": {each.name: len(each.same) for each in passes},
        "command": "python -m aggregator.training.fit_agreement",
    }
    return document, measure_thresholds(predicted, thresholds)


def main() -> None:
    """Fit saliences and head on a folder of passes and write them beside the code that reads them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passes", type=Path, default=TRAIN_PASSES, help="a folder of labelled passes")
    options = parser.parse_args()
    paths = list_passes(options.passes)
    SALIENCE_WEIGHTS.write_text(json.dumps(fit_salience(paths), indent=1) + "\n", encoding="utf-8")
    load_weights.cache_clear()
    document, figures = fit_head([measure_pass(path) for path in paths])
    WEIGHTS.write_text(json.dumps(document, ensure_ascii=False) + "\n", encoding="utf-8")
    sys.stdout.write(f"{document['thresholds']}; left out: precision, recall, split {figures}\n")


if __name__ == "__main__":
    main()
