"""The learned probability that two answers say the same: trees and a linear score over a pair's features."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.agreement.agreement import Thresholds
from aggregator.pipeline.agreement.features import FEATURES

WEIGHTS = Path(__file__).with_name("same_answer_head.json")
LIMIT = 9.0
Numbers = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SameAnswerHead:
    """Complete trees of one depth, breadth-first: shapes (trees, inner nodes) and (trees, leaves).

    The log-odds are the mean of the trees' score and that of a logistic regression, which errs elsewhere.
    """

    features: Indices
    cuts: Numbers
    leaves: Numbers
    bias: float
    linear: Numbers
    linear_bias: float
    # By the kind of answer that a question asks for.
    thresholds: Mapping[str, Thresholds]

    def predict(self, rows: Sequence[Sequence[float]] | Numbers) -> Numbers:
        """Return the probability of saying the same for each row of features."""
        table = np.asarray(rows, dtype=np.float64).reshape(-1, len(FEATURES))
        inner = self.features.shape[1]
        trees = np.arange(len(self.features))
        node = np.zeros((len(table), len(trees)), dtype=np.int64)
        lines = np.arange(len(table))[:, None]
        while node[:1, :1].size and int(node[0, 0]) < inner:
            is_right = table[lines, self.features[trees, node]] > self.cuts[trees, node]
            node = 2 * node + 1 + is_right
        grown = self.bias + self.leaves[trees, node - inner].sum(axis=1)
        scores = (grown + np.clip(self.linear_bias + table @ self.linear, -LIMIT, LIMIT)) / 2
        return np.asarray(1 / (1 + np.exp(-scores)), dtype=np.float64)


def parse_head(document: dict[str, Any]) -> SameAnswerHead:
    """Return a head from JSON values; raises ValueError when it was fitted on other features."""
    if tuple(document["features"]) != FEATURES:
        raise ValueError("the same-answer head was fitted on other features: fit it again")
    trees = document["trees"]
    return SameAnswerHead(
        features=np.array(trees["features"], dtype=np.int64),
        cuts=np.array(trees["cuts"], dtype=np.float64),
        leaves=np.array(trees["leaves"], dtype=np.float64),
        bias=float(document["bias"]),
        linear=np.array(document["linear"], dtype=np.float64),
        linear_bias=float(document["linear_bias"]),
        thresholds={kind: Thresholds(**row) for kind, row in document["thresholds"].items()},
    )


@cache
def load_head() -> SameAnswerHead:
    """Return the head that ships with the code."""
    return parse_head(json.loads(WEIGHTS.read_text(encoding="utf-8")))
