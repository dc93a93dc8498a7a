"""Fits which mention of an answer is its answer, on labelled passes without labelled mentions.

In answers that say the same, the mentions that all of them share and that other groups lack are the answer
(conditional logit over the mentions of each answer).
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from aggregator.pipeline.agreement.mentions.salience import CUES, MOMENT, VALUE, WORD
from aggregator.pipeline.agreement.readers.dates import conflicting_fields, shared_fields
from aggregator.pipeline.agreement.readers.quantity import are_equal, rounds_to
from aggregator.pipeline.agreement.readers.words import match_words
from aggregator.pipeline.agreement.readings import Reading, read_answers
from aggregator.training.agreement.passes import read_pass

Numbers = np.ndarray[Any, np.dtype[np.float64]]
Choice = tuple[Numbers, Numbers]
PENALTY = 1.5
# The kinds of question whose answer is a value, a moment or a word.
KINDS = {
    VALUE: {"numeric_calculation", "unit_conversion", "money"},
    MOMENT: {"date_time"},
    WORD: {"factual_entity", "translation", "translation_spelling"},
}
# What linguistic structure suggests; weights are drawn to it, not to zero.
PRIOR = {
    "first": 0.8, "last": 0.8, "labelled": 2.0, "concludes": 0.8, "aside": -1.2, "question": -2.5,
    "item": -0.3,
    "row": -0.3, "heading": -0.6, "corrects": 1.5, "corrected": -2.0, "belief": -0.5, "after_end": -1.0,
    "bold": 1.5, "predicate": 0.8, "after_equals": 0.7, "rejected": -4.0, "bracketed": -0.9, "compared": -2.0,
    "before_contrast": -1.5, "after_contrast": 0.3, "last_in_segment": 0.5, "echo": -1.5, "operand": -1.5,
    "operand_before": -1.0, "asked_unit": 1.5, "asked_dimension": 0.5, "other_dimension": -1.0,
    "fields_fit": 1.5,
    "before_conclusion": -0.8, "after_conclusion": 0.6,
    "known": -1.5, "past": -1.5, "capital": 0.5, "hangul_predicate": 0.8,
}  # fmt: skip


def _equal_values(one: Any, other: Any) -> bool:
    return are_equal(one.quantity, other.quantity) or rounds_to(one.quantity, other.quantity)


def _equal_moments(one: Any, other: Any) -> bool:
    shared = shared_fields(one.moment, other.moment)
    return bool(shared) and not conflicting_fields(one.moment, other.moment)


def _equal_words(one: Any, other: Any) -> bool:
    return match_words(one.word, other.word) >= 0.8


_TYPES: dict[str, tuple[Callable[[Reading], Sequence[Any]], Callable[[Any, Any], bool]]] = {
    VALUE: (lambda reading: reading.values, _equal_values),
    MOMENT: (lambda reading: reading.moments, _equal_moments),
    WORD: (lambda reading: reading.words, _equal_words),
}


def _is_shared(mention: Any, others: Sequence[Sequence[Any]], equal: Callable[[Any, Any], bool]) -> bool:
    return all(any(equal(mention, each) for each in mentions) for mentions in others)


def list_choices(question: dict[str, Any], kind: str) -> list[Choice]:
    """Return (cues, which are the answer) of every answer whose mentions can be labelled."""
    if question["kind"] not in KINDS[kind]:
        return []
    mentions_of, equal = _TYPES[kind]
    _, readings = read_answers(question["prompt"], question["answers"])
    choices = []
    for group in question["groups"]:
        members = [mentions_of(readings[index]) for index in group]
        members = [mentions for mentions in members if mentions]
        rest = [mentions_of(readings[index]) for index in range(len(readings)) if index not in group]
        rest = [mentions for mentions in rest if mentions]
        if len(members) < 2:
            continue
        for at, mentions in enumerate(members):
            others = [each for index, each in enumerate(members) if index != at]
            shared = [_is_shared(mention, others, equal) for mention in mentions]
            own = [
                hit and not (rest and _is_shared(mention, rest, equal))
                for hit, mention in zip(shared, mentions, strict=True)
            ]
            chosen = own if any(own) else shared
            if any(chosen) and not all(chosen):
                choices.append(
                    (
                        np.array([(*each.cues[0], *each.cues[1]) for each in mentions]),
                        np.array(chosen, dtype=float),
                    )
                )
    return choices


def fit_cues(choices: Sequence[Choice], cues: Sequence[str]) -> Numbers:
    """Return the weights that make the chosen mentions most probable, with a ridge towards the prior."""
    prior = np.array([PRIOR.get(cue, 0.0) for cue in cues])

    def loss(weights: Numbers) -> tuple[float, Numbers]:
        away = weights - prior
        total, gradient = PENALTY * float(away @ away), 2 * PENALTY * away
        for rows, chosen in choices:
            scores = rows @ weights
            exponents = np.exp(scores - scores.max())
            shares = exponents / exponents.sum()
            right = shares * chosen
            total -= float(np.log(max(right.sum(), 1e-12)))
            gradient = gradient + rows.T @ (shares - right / max(right.sum(), 1e-12))
        return total, gradient

    found = minimize(loss, prior, jac=True, method="L-BFGS-B", options={"maxiter": 200})
    return np.asarray(found.x)


def fit_salience(paths: Sequence[Path]) -> dict[str, dict[str, float]]:
    """Return the weights of all cues by type of mention."""
    questions = [question for path in paths for question in read_pass(path)]
    fitted = {}
    for kind, cues in CUES.items():
        choices = [choice for question in questions for choice in list_choices(question, kind)]
        weights = fit_cues(choices, cues)
        fitted[kind] = {cue: round(float(weight), 3) for cue, weight in zip(cues, weights, strict=True)}
    return fitted
