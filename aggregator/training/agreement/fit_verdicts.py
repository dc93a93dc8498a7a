"""Fits the verdicts of answers to yes/no questions on labelled passes, from which answers say the same alone.

The likelihood of a pair's label is that both affirm, both deny, or neither gives a verdict.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from aggregator.pipeline.agreement.readers.verdict_cues import Cues
from aggregator.pipeline.agreement.readers.verdicts import SAME_IF_AFFIRMED, SAME_IF_OPEN, SAME_OTHERWISE
from aggregator.pipeline.agreement.readings import measure_verdict, read_answers
from aggregator.pipeline.answer_type import TRUTH
from aggregator.training.agreement.passes import number_groups, read_pass
from aggregator.training.agreement.sparse_rows import tabulate

Numbers = np.ndarray[Any, np.dtype[np.float64]]
CUE_PENALTY, PHRASE_PENALTY, RAREST, SMALLEST = 0.3, 1.0, 3, 0.02
# What grammar suggests; weights are drawn to it, not to zero.
DIRECTION_PRIOR = {"opening": 1.5, "body": 1.0, "sign first": 0.5, "sign last": 0.3}
OPEN_PRIOR = {"bias": -3.0, "refusal": 2.0, "depends": 2.0}
_PHRASES = (" end ", " head ", " word ", " opens ")
_MATCH = np.array([SAME_IF_AFFIRMED, SAME_IF_AFFIRMED, SAME_IF_OPEN])


@dataclass(frozen=True, slots=True)
class VerdictQuestion:
    """The cues of the answers to one yes/no question, and which pairs say the same."""

    cues: tuple[tuple[Cues, Cues], ...]
    same: Mapping[tuple[int, int], bool]


def measure_verdicts(path: Path) -> list[VerdictQuestion]:
    """Return the yes/no questions of a pass."""
    found = []
    for question in read_pass(path):
        expected, readings = read_answers(question["prompt"], question["answers"])
        if expected.kind != TRUTH:
            continue
        groups = number_groups(question)
        cues = tuple(
            measure_verdict(expected, each.text, each.polarity, (each.refusal, each.no_verdict))
            for each in readings
        )
        pairs = combinations(range(len(readings)), 2)
        found.append(VerdictQuestion(cues, {(a, b): groups[a] == groups[b] for a, b in pairs}))
    return found


def _choose_names(cues: Sequence[Cues]) -> list[str]:
    counts = Counter(name for each in cues for name in each)
    return sorted(name for name, count in counts.items() if count >= RAREST or not _is_phrase(name))


def _is_phrase(name: str) -> bool:
    return any(mark in f" {name}" for mark in _PHRASES)


def _squash(scores: Numbers) -> Numbers:
    return np.asarray(1 / (1 + np.exp(-np.clip(scores, -30, 30))))


class _Likelihood:
    """The penalised negative log-likelihood of the pairs, with its gradient."""

    def __init__(self, questions: Sequence[VerdictQuestion]) -> None:
        signed = [each[0] for question in questions for each in question.cues]
        unsigned = [each[1] for question in questions for each in question.cues]
        self.names = _choose_names(signed), _choose_names(unsigned)
        places = [{name: index for index, name in enumerate(names)} for names in self.names]
        self._signed, self._unsigned = tabulate(signed, places[0]), tabulate(unsigned, places[1])
        starts = np.cumsum([0, *(len(question.cues) for question in questions)])
        pairs = [
            (start + a, start + b, same)
            for start, question in zip(starts, questions, strict=False)
            for (a, b), same in question.same.items()
        ]
        self._one, self._other, self._same = (np.array(column) for column in zip(*pairs, strict=True))
        prior = [DIRECTION_PRIOR.get(name, 0.0) for name in self.names[0]]
        self.prior = np.array([*prior, *(OPEN_PRIOR.get(name, 0.0) for name in self.names[1])])
        self._penalty = np.array(
            [PHRASE_PENALTY if _is_phrase(name) else CUE_PENALTY for names in self.names for name in names]
        )

    def __call__(self, weights: Numbers) -> tuple[float, Numbers]:
        split = len(self.names[0])
        affirms = _squash(2 * (self._signed @ weights[:split]))
        is_open = _squash(self._unsigned @ weights[split:])
        shares = np.stack([(1 - is_open) * affirms, (1 - is_open) * (1 - affirms), is_open], 1)
        one, other = shares[self._one], shares[self._other]
        agreed = np.clip((one * other) @ _MATCH + SAME_OTHERWISE, 1e-6, 1 - 1e-6)
        loss = -np.where(self._same, np.log(agreed), np.log(1 - agreed)).sum()
        slope = -np.where(self._same, 1 / agreed, -1 / (1 - agreed))
        pull = np.zeros_like(shares)
        np.add.at(pull, self._one, slope[:, None] * other * _MATCH)
        np.add.at(pull, self._other, slope[:, None] * one * _MATCH)
        turn = 2 * affirms * (1 - affirms) * (1 - is_open) * (pull[:, 0] - pull[:, 1])
        leave = pull[:, 2] - affirms * pull[:, 0] - (1 - affirms) * pull[:, 1]
        away = weights - self.prior
        gradient = np.concatenate(
            [self._signed.T @ turn, self._unsigned.T @ (is_open * (1 - is_open) * leave)]
        )
        return (
            float(loss + (self._penalty * away * away).sum()),
            gradient + 2 * self._penalty * away,
        )


def fit_verdicts(questions: Sequence[VerdictQuestion]) -> dict[str, dict[str, float]]:
    """Return the weights of both kinds of cues; small ones are left out."""
    likelihood = _Likelihood(questions)
    found = minimize(likelihood, likelihood.prior, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
    split = len(likelihood.names[0])
    tables = zip(("direction", "open"), likelihood.names, (found[:split], found[split:]), strict=True)
    return {
        table: {
            name: round(float(weight), 3)
            for name, weight in zip(names, weights, strict=True)
            if abs(weight) >= SMALLEST
        }
        for table, names, weights in tables
    }
