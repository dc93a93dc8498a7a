"""Fits the same-answer head on labelled passes: `python -m aggregator.training.agreement.fit_agreement`.

First the saliences, then trees and a logistic regression over the features of pairs. Thresholds are chosen on
the groups that result for passes that neither was fitted on.
"""

import argparse
import gzip
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from aggregator.pipeline.agreement.agreement import Pair, Thresholds, Verdict, group_answers
from aggregator.pipeline.agreement.exact import compare_exactly
from aggregator.pipeline.agreement.features import FEATURES, measure_pairs
from aggregator.pipeline.agreement.mentions.salience import WEIGHTS as SALIENCE_WEIGHTS
from aggregator.pipeline.agreement.mentions.salience import load_weights
from aggregator.pipeline.agreement.mentions.sentences import load_sentence_reader
from aggregator.pipeline.agreement.question.expected_answer import read_question
from aggregator.pipeline.agreement.question.question_kind import WEIGHTS as KIND_WEIGHTS
from aggregator.pipeline.agreement.question.question_kind import load_question_kinds
from aggregator.pipeline.agreement.question.question_patterns import KINDS, NAME
from aggregator.pipeline.agreement.readers.verdicts import WEIGHTS as VERDICT_WEIGHTS
from aggregator.pipeline.agreement.readers.verdicts import load_verdict_weights
from aggregator.pipeline.agreement.readings import read_answer, read_answers
from aggregator.pipeline.agreement.same_answer_head import WEIGHTS, Numbers, parse_head
from aggregator.pipeline.answer_type import DATE, NUMBER, TRUTH
from aggregator.training.agreement.fit_question_kind import fit_question_kind
from aggregator.training.agreement.fit_salience import fit_salience
from aggregator.training.agreement.fit_verdicts import fit_verdicts, measure_verdicts
from aggregator.training.agreement.passes import TRAIN_PASSES, list_passes, number_groups, read_pass

SHORT_PRECISION, LONG_PRECISION, MOST_SPLIT = 0.91, 0.93, 0.025
# Stricter than the surest pair: where nothing is precise enough, only exact readers join.
STRICTEST = 0.995
# The kinds whose answers are a value, a name or a verdict.
SHORT = {NUMBER, DATE, TRUTH, NAME}
LOWEST_SAME, MOST_DIFFERENT, HEAVIEST = 0.45, 0.3, 2.0
DEPTH, TREES, RATE, SEEDS, PENALTY = 3, 60, 0.08, 4, 0.3


@dataclass(frozen=True)
class LabelledQuestion:
    """The pairs of one question's answers: features, what exact readers say, and labels."""

    source: str
    kind: str
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


Predicted = tuple[LabelledQuestion, dict[Pair, float]]


def predict_left_out(passes: Sequence[LabelledPass]) -> Iterator[Predicted]:
    """Yield every question with its pairs' probabilities by a head that was fitted without its pass."""
    for held_out in passes:
        head = parse_head(fit_scores([each for each in passes if each is not held_out]))
        for question in held_out.questions:
            learned = head.predict(question.rows).tolist()
            sure = [p if exact is None else exact for p, exact in zip(learned, question.exact, strict=True)]
            yield question, dict(zip(question.pairs, sure, strict=True))


@dataclass(frozen=True)
class Outcome:
    """What a threshold does on the questions of one kind: pairs decided rightly and wrongly."""

    threshold: float
    right: float
    wrong: float


def _count(
    predicted: Sequence[Predicted], thresholds: Thresholds, verdict: Verdict, weights: Mapping[str, float]
) -> tuple[float, float]:
    """Return the weighted numbers of same and of different pairs that get a verdict."""
    counts = [0.0, 0.0]
    for question, probabilities in predicted:
        agreement = group_answers(probabilities, thresholds, [""] * question.count)
        weight = weights.get(question.source, 1.0)
        for pair, is_same in zip(question.pairs, question.same, strict=True):
            if agreement.verdicts[pair] == verdict:
                counts[int(is_same <= 0)] += weight
    return counts[0], counts[1]


def _weigh_passes(predicted: Sequence[Predicted]) -> dict[str, float]:
    """Return weights by which passes of different sizes count alike."""
    sizes = Counter[str]()
    for question, _ in predicted:
        sizes[question.source] += len(question.pairs)
    mean = sum(sizes.values()) / max(1, len(sizes))
    return {name: min(HEAVIEST, mean / size) for name, size in sizes.items()}


def _choose(
    outcomes: Mapping[str, Sequence[Outcome]], is_enough: Callable[[float, float], bool]
) -> dict[str, float]:
    """Return the most lenient thresholds whose totals are enough; outcomes begin with the strictest one.

    Step by step the kind is relaxed that gains the most rightly decided pairs for each wrong one.
    """
    places = dict.fromkeys(outcomes, 0)
    while True:
        best, gain = {}, 0.0
        for kind, steps in outcomes.items():
            at = steps[places[kind]]
            for place in range(places[kind] + 1, len(steps)):
                right, wrong = steps[place].right - at.right, steps[place].wrong - at.wrong
                trial = {**places, kind: place}
                totals = [outcomes[each][step] for each, step in trial.items()]
                if right / (wrong + 0.5) > gain and is_enough(
                    sum(each.right for each in totals), sum(each.wrong for each in totals)
                ):
                    best, gain = trial, right / (wrong + 0.5)
        if not best:
            return {kind: round(float(outcomes[kind][place].threshold), 3) for kind, place in places.items()}
        places = best


def _is_precise(precision: float, right: float, wrong: float) -> bool:
    return right >= precision * (right + wrong)


def choose_thresholds(predicted: Sequence[Predicted]) -> dict[str, Thresholds]:
    """Return the thresholds of each kind: the wanted precision of "same" in all, and few same pairs split."""
    kinds = {kind: [row for row in predicted if row[0].kind == kind] for kind in KINDS}
    weights = {kind: _weigh_passes(rows) for kind, rows in kinds.items()}
    joined = {
        kind: [
            Outcome(t, *_count(rows, Thresholds(t, 0.0), Verdict.SAME, weights[kind]))
            for t in (STRICTEST, *np.arange(0.98, LOWEST_SAME, -0.02))
        ]
        for kind, rows in kinds.items()
    }
    same = {}
    for kinds_alike, precision in ((SHORT, SHORT_PRECISION), (set(KINDS) - SHORT, LONG_PRECISION)):
        outcomes = {kind: steps for kind, steps in joined.items() if kind in kinds_alike}
        same.update(_choose(outcomes, partial(_is_precise, precision)))
    split = {
        kind: [
            Outcome(t, *_count(rows, Thresholds(same[kind], t), Verdict.DIFFERENT, weights[kind])[::-1])
            for t in np.arange(0.0, MOST_DIFFERENT, 0.02)
        ]
        for kind, rows in kinds.items()
    }
    labelled = sum(
        weights[question.kind][question.source] * float(question.same.sum()) for question, _ in predicted
    )
    different = _choose(split, lambda _, wrong: wrong <= MOST_SPLIT * labelled)
    return {kind: Thresholds(min(0.98, same[kind]), different[kind]) for kind in KINDS}


def measure_thresholds(
    predicted: Sequence[Predicted], thresholds: Mapping[str, Thresholds]
) -> tuple[float, float, float]:
    """Return precision and recall of "same", and the share of same pairs said to differ, after grouping."""
    kinds = {kind: [row for row in predicted if row[0].kind == kind] for kind in thresholds}
    counted = [
        (
            _count(rows, thresholds[kind], Verdict.SAME, {}),
            _count(rows, thresholds[kind], Verdict.DIFFERENT, {}),
        )
        for kind, rows in kinds.items()
    ]
    hits, errors = sum(joined[0] for joined, _ in counted), sum(joined[1] for joined, _ in counted)
    same = sum(float(question.same.sum()) for question, _ in predicted)
    return hits / max(hits + errors, 1), hits / same, sum(split[0] for _, split in counted) / same


def fit_head(passes: Sequence[LabelledPass]) -> tuple[dict[str, Any], tuple[float, float, float]]:
    """Fit the head on all passes; return it, and its precision, recall and splits on left-out ones."""
    document = fit_scores(passes)
    predicted = list(predict_left_out(passes))
    thresholds = choose_thresholds(predicted)
    document["thresholds"] = {kind: asdict(each) for kind, each in thresholds.items()}
    document["provenance"] = {
        "passes": {each.name: len(each.same) for each in passes},
        "command": "python -m aggregator.training.agreement.fit_agreement",
    }
    return document, measure_thresholds(predicted, thresholds)


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
    verdicts = {}
    for path in paths:
        _write(KIND_WEIGHTS, fit_question_kind([each for each in paths if each != path]))
        verdicts[path] = measure_verdicts(path)
    passes = []
    for path in paths:
        others = [each for each in paths if each != path]
        _write(KIND_WEIGHTS, fit_question_kind(others))
        _write(VERDICT_WEIGHTS, fit_verdicts([row for each in others for row in verdicts[each]]))
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
    sys.stdout.write(f"{document['thresholds']}; left out: precision, recall, split {figures}\n")


if __name__ == "__main__":
    main()
