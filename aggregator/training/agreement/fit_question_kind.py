"""Fits which kind of answer a question asks for, on the kinds that labelled passes give their questions."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from aggregator.pipeline.agreement.question.expected_answer import read_question
from aggregator.pipeline.agreement.question.question_kind import list_question_features
from aggregator.pipeline.agreement.question.question_patterns import CHOICE, LIST, NAME, OPEN
from aggregator.pipeline.agreement.segments import normalise
from aggregator.pipeline.answer_type import DATE, LITERAL, NUMBER, TRUTH
from aggregator.training.agreement.passes import read_pass
from aggregator.training.agreement.sparse_rows import tabulate

PENALTY, RAREST, SMALLEST = 1.0, 3, 0.05
TARGETS = {
    "factual_entity": NAME, "translation": NAME, "translation_spelling": NAME, "numeric_calculation": NUMBER,
    "unit_conversion": NUMBER, "money": NUMBER, "date_time": DATE, "yes_no": TRUTH, "choice": CHOICE,
    "list": LIST, "code_result": LITERAL,
}  # fmt: skip


def list_examples(paths: Sequence[Path]) -> Iterator[tuple[set[str], str]]:
    """Yield the features and the kind of every question; facts that are numbers or dates count as those."""
    for path in paths:
        for question in read_pass(path):
            expected = read_question(question["prompt"])
            target = TARGETS.get(question["kind"], OPEN)
            worded = expected.flags[0] if expected.flags else ""
            target = worded if target in {NAME, DATE} and worded in {NUMBER, DATE} else target
            yield list_question_features(normalise(question["prompt"]), expected.flags), target


def fit_question_kind(paths: Sequence[Path]) -> dict[str, Any]:
    """Return the JSON values of the kinds, biases and weights; small weights are left out."""
    examples = list(list_examples(paths))
    counts = Counter(name for features, _ in examples for name in features)
    names = sorted(name for name, count in counts.items() if count >= RAREST)
    places = {name: index for index, name in enumerate(names)}
    rows = tabulate([dict.fromkeys(features, 1.0) for features, _ in examples], places)
    model = LogisticRegression(C=PENALTY, max_iter=1_000).fit(rows, [target for _, target in examples])
    weights = {
        name: [round(float(weight), 2) for weight in model.coef_[:, index]]
        for name, index in places.items()
        if np.abs(model.coef_[:, index]).max() >= SMALLEST
    }
    bias = [round(float(each), 3) for each in model.intercept_]
    return {"kinds": [str(kind) for kind in model.classes_], "bias": bias, "weights": weights}
