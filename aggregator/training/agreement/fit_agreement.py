"""Fits the same-answer head on labelled passes: `python -m aggregator.training.agreement.fit_agreement`.

First the saliences, then trees and a logistic regression over the features of pairs. Thresholds are chosen on
the groups that result for passes that neither was fitted on.
"""

import argparse
import gzip
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from aggregator.pipeline.agreement.exact import compare_exactly
from aggregator.pipeline.agreement.features import FEATURES, measure_pairs
from aggregator.pipeline.agreement.mentions.salience import WEIGHTS as SALIENCE_WEIGHTS
from aggregator.pipeline.agreement.mentions.salience import load_weights
from aggregator.pipeline.agreement.mentions.sentences import load_sentence_reader
from aggregator.pipeline.agreement.question.expected_answer import read_question
from aggregator.pipeline.agreement.question.question_kind import WEIGHTS as KIND_WEIGHTS
from aggregator.pipeline.agreement.question.question_kind import load_question_kinds
from aggregator.pipeline.agreement.readers.verdicts import WEIGHTS as VERDICT_WEIGHTS
from aggregator.pipeline.agreement.readers.verdicts import load_verdict_weights
from aggregator.pipeline.agreement.readings import read_answer, read_answers
from aggregator.pipeline.agreement.same_answer_head import WEIGHTS, Numbers, parse_head
from aggregator.training.agreement.fit_question_kind import fit_question_kind
from aggregator.training.agreement.fit_salience import fit_salience
from aggregator.training.agreement.fit_verdicts import fit_verdicts, measure_verdicts
from aggregator.training.agreement.passes import TRAIN_PASSES, list_passes, number_groups, read_pass
from aggregator.training.agreement.thresholds import (
    Figures,
    LabelledQuestion,
    Predicted,
    choose_thresholds,
    list_everyday,
    measure_thresholds,
)

HEAVIEST = 2.0
DEPTH, TREES, RATE, SEEDS, PENALTY = 4, 40, 0.08, 4, 0.1


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


def measure_question(question: dict[str, Any], source: str) -> LabelledQuestion:
    """Return the pairs of a question with their features and labels."""
    groups = number_groups(question)
    expected, readings = read_answers(question["prompt"], question["answers"])
    pairs = tuple(combinations(range(len(readings)), 2))
    return LabelledQuestion(
        source=source,
        kind=expected.kind,
        count=len(readings),
        pairs=pairs,
        rows=np.array(measure_pairs(expected, readings, pairs)),
        exact=tuple(compare_exactly(expected, readings[a], readings[b]) for a, b in pairs),
        same=np.array([float(groups[a] == groups[b]) for a, b in pairs]),
    )


def measure_pass(path: Path) -> LabelledPass:
    """Return a pass with the features and labels of all its pairs."""
    name = path.name.split(".")[0]
    questions = [measure_question(each, name) for each in read_pass(path) if len(each["answers"]) > 1]
    return LabelledPass(name, tuple(questions))


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


def _fit_linear(rows: Numbers, same: Numbers, weights: Numbers) -> tuple[list[float], float]:
    """Return the weights and bias of a logistic regression on standardised features."""
    scaler = StandardScaler().fit(rows)
    model = LogisticRegression(C=PENALTY, max_iter=2_000).fit(
        scaler.transform(rows), same, sample_weight=weights
    )
    slopes = model.coef_[0] / scaler.scale_
    return [round(float(each), 5) for each in slopes], round(
        float(model.intercept_[0] - slopes @ scaler.mean_), 5
    )


def _fit_trees(
    rows: Numbers, same: Numbers, weights: Numbers, seed: int
) -> list[tuple[list[int], list[float], list[float]]]:
    model = GradientBoostingClassifier(
        n_estimators=TREES, max_depth=DEPTH, learning_rate=RATE, subsample=0.7, min_samples_leaf=12,
        max_features=0.4, random_state=seed,
    ).fit(rows, same, sample_weight=weights)  # fmt: skip
    return [_fill_tree(stage[0].tree_) for stage in model.estimators_]


def fit_scores(passes: Sequence[LabelledPass]) -> dict[str, Any]:
    """Fit trees and regression on passes and return the head's JSON values, with wide thresholds."""
    rows, same = (
        np.concatenate([each.rows for each in passes]),
        np.concatenate([each.same for each in passes]),
    )
    mean = len(same) / len(passes)
    weights = np.concatenate(
        [np.full(len(each.same), min(HEAVIEST, mean / len(each.same))) for each in passes]
    )
    filled = [tree for seed in range(SEEDS) for tree in _fit_trees(rows, same, weights, seed)]
    base = float(np.clip(np.average(same, weights=weights), 1e-3, 1 - 1e-3))
    linear, linear_bias = _fit_linear(rows, same, weights)
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
        "thresholds": {},
    }


def predict_left_out(passes: Sequence[LabelledPass]) -> Iterator[Predicted]:
    """Yield every question with its pairs' probabilities by a head that was fitted without its pass."""
    for held_out in passes:
        head = parse_head(fit_scores([each for each in passes if each is not held_out]))
        for question in held_out.questions:
            learned = head.predict(question.rows).tolist()
            sure = [p if exact is None else exact for p, exact in zip(learned, question.exact, strict=True)]
            yield question, dict(zip(question.pairs, sure, strict=True))


def fit_head(passes: Sequence[LabelledPass]) -> tuple[dict[str, Any], dict[str, Figures]]:
    """Fit the head on all passes; return it with the figures of every pass that was left out."""
    document = fit_scores(passes)
    predicted = list(predict_left_out(passes))
    thresholds = choose_thresholds(predicted)
    document["thresholds"] = {kind: asdict(each) for kind, each in thresholds.items()}
    document["provenance"] = {
        "passes": {each.name: len(each.same) for each in passes},
        "command": "python -m aggregator.training.agreement.fit_agreement",
    }
    figures = {
        each.name: measure_thresholds([row for row in predicted if row[0].source == each.name], thresholds)
        for each in passes
    }
    return document, figures | {"everyday": measure_thresholds(list_everyday(predicted), thresholds)}


# What is kept of weights and of what was read with them.
_READ_BY_WEIGHTS = (
    load_weights, load_question_kinds, load_verdict_weights, read_question, load_sentence_reader, read_answer,
)  # fmt: skip


def _write(path: Path, document: object, *, indent: int | None = None) -> None:
    content = (json.dumps(document, ensure_ascii=False, indent=indent) + "\n").encode()
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    for cached in _READ_BY_WEIGHTS:
        cached.cache_clear()


def measure_left_out(paths: Sequence[Path]) -> list[LabelledPass]:
    """Return the passes as read with question kinds and verdicts that were fitted on the other ones."""
    kinds = {path: fit_question_kind([each for each in paths if each != path]) for path in paths}
    verdicts = {}
    for path in paths:
        _write(KIND_WEIGHTS, kinds[path])
        verdicts[path] = measure_verdicts(path)
    passes = []
    for path in paths:
        others = [row for each in paths if each != path for row in verdicts[each]]
        _write(KIND_WEIGHTS, kinds[path])
        _write(VERDICT_WEIGHTS, fit_verdicts(others))
        passes.append(measure_pass(path))
    _write(KIND_WEIGHTS, fit_question_kind(paths))
    _write(VERDICT_WEIGHTS, fit_verdicts([row for path in paths for row in measure_verdicts(path)]))
    return passes


def main() -> None:
    """Fit saliences and head on a folder of passes and write them beside the code that reads them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passes", type=Path, default=TRAIN_PASSES, help="a folder of labelled passes")
    options = parser.parse_args()
    paths = list_passes(options.passes)
    _write(SALIENCE_WEIGHTS, fit_salience(paths), indent=1)
    document, figures = fit_head(measure_left_out(paths))
    _write(WEIGHTS, document)
    sys.stdout.write(f"{document['thresholds']}\nleft out: precision, recall, same pairs said to differ\n")
    for name, found in figures.items():
        sys.stdout.write(f"{name:<10}{found.precision:8.3f}{found.recall:8.3f}{found.split:8.3f}\n")


if __name__ == "__main__":
    main()
