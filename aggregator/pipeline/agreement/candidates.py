"""Which of the names, numbers and dates that the answers of a question put forward each of them is about."""

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

from aggregator.pipeline.agreement.mentions.phrases import Phrase, match_phrases
from aggregator.pipeline.agreement.question.expected_answer import ExpectedAnswer
from aggregator.pipeline.agreement.readers.dates import measure_match
from aggregator.pipeline.agreement.readers.quantity import is_same
from aggregator.pipeline.agreement.readings import Reading
from aggregator.pipeline.answer_type import DATE

_MATCH, _CLEAR, _MENTIONS = 0.75, 2.0, 8


def _list_candidates(readings: Sequence[Reading]) -> list[tuple[Phrase, float]]:
    """Return the first phrase of every answer with the share of the answer it makes up, one for each name."""
    found: list[tuple[Phrase, float]] = []
    for reading in readings:
        if not reading.phrases:
            continue
        top, share = reading.phrases[0], max(reading.focus.values(), default=0.0)
        for index, (phrase, before) in enumerate(found):
            if match_phrases(phrase, top) >= _MATCH:
                found[index] = (phrase, max(before, share))
                break
        else:
            found.append((top, share))
    return found


def _share_out(reading: Reading, candidates: Sequence[tuple[Phrase, float]]) -> list[float]:
    """Return the probability that an answer is about each candidate; all are 0 where it names none."""
    scores = []
    for candidate, share in candidates:
        found = [each.salience for each in reading.phrases if match_phrases(each, candidate) >= _MATCH]
        scores.append(max(found) + _CLEAR * share if found else -math.inf)
    top = max(scores, default=-math.inf)
    if top == -math.inf:
        return [0.0] * len(candidates)
    weights = [math.exp(score - top) for score in scores]
    total = sum(weights)
    return [weight / total for weight in weights]


def share_candidates(readings: Sequence[Reading]) -> list[list[float]]:
    """Return for every answer the probabilities of the names that the answers put forward."""
    candidates = _list_candidates(readings)
    return [_share_out(reading, candidates) for reading in readings]


T = TypeVar("T")


def _share_mentions(
    mentions: Sequence[Sequence[tuple[T, float]]], is_same: Callable[[T, T], bool]
) -> list[list[float]]:
    """Return for every answer the probabilities of what the answers mention first, 0 without a mention."""
    candidates: list[T] = []
    for found in mentions:
        if found and not any(is_same(found[0][0], each) for each in candidates):
            candidates.append(found[0][0])
    shared = []
    for found in mentions:
        scores = [
            next((salience for each, salience in found if is_same(each, candidate)), -math.inf)
            for candidate in candidates
        ]
        top = max(scores, default=-math.inf)
        weights = [math.exp(score - top) if found else 0.0 for score in scores]
        total = sum(weights) or 1.0
        shared.append([weight / total for weight in weights])
    return shared


def share_numbers(expected: ExpectedAnswer, readings: Sequence[Reading]) -> list[list[float]]:
    """Return for every answer the probabilities of the numbers, or dates, that the answers put forward."""
    if expected.kind == DATE and sum(bool(each.moments) for each in readings) > 1:
        wanted = expected.fields
        return _share_mentions(
            [[(each.moment, each.salience) for each in reading.moments[:_MENTIONS]] for reading in readings],
            lambda one, other: measure_match(one, other, wanted) > 0,
        )
    return _share_mentions(
        [[(each.quantity, each.salience) for each in reading.values[:_MENTIONS]] for reading in readings],
        is_same,
    )


def match_candidates(one: Sequence[float], other: Sequence[float]) -> tuple[float, float]:
    """Return the probability that two answers are about one name, and how clear the less clear of them is."""
    agreed = sum(a * b for a, b in zip(one, other, strict=True))
    return agreed, min(max(one, default=0.0), max(other, default=0.0))
