"""Measures how often models are right, by labels or by agreement, shrunk to what is known publicly."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from aggregator.pipeline.ranking.tally import VoteWeights
from aggregator.pipeline.routing_weights import ANY_TOPIC
from aggregator.training.fit_vote import score_answers
from aggregator.training.response_matrix import Numbers, ResponseMatrix

# Public quality counts like this many answers; a model's overall skill like this many of one topic.
_PUBLIC_ANSWERS, _TOPIC_ANSWERS = 20.0, 40.0
# Agreement says less than labels do.
_PUBLIC_AGREEMENTS = 200.0
_MAX_AGREEMENT_SHARE = 0.3
_ROUNDS = 4
_DIGITS = 4


def _shrink(right: Numbers, counts: Numbers, towards: Numbers, weight: float) -> Numbers:
    shrunk: Numbers = (right + weight * towards) / (counts + weight)
    return shrunk


def measure_accuracies(responses: ResponseMatrix, standings: Numbers) -> Numbers:
    """Return every model's accuracy on labelled answers, shape (models,), shrunk to its public quality.

    Only questions that a model answered count.
    """
    given = responses.answers >= 0
    right = given & (responses.answers == responses.gold[:, None])
    return _shrink(right.sum(axis=0), given.sum(axis=0), standings, _PUBLIC_ANSWERS)


def estimate_accuracies(responses: ResponseMatrix, prior: VoteWeights, standings: Numbers) -> Numbers:
    """Return every model's accuracy by agreement, shape (models,), shrunk to its public quality.

    Expectation maximisation as by Dawid & Skene (1979): the vote gives the probability that each answer is
    right, and a model's accuracy is the mean probability of its answers. The vote is the calibrated one of
    live turns; naive Bayes would trust models that make the same mistakes.
    """
    given = responses.answers >= 0
    rows = np.arange(len(responses.answers))
    share = _MAX_AGREEMENT_SHARE * len(rows) / (len(rows) + _PUBLIC_AGREEMENTS)
    public = _to_logits(standings)
    skills = np.array(standings, dtype=np.float64)
    for _ in range(_ROUNDS):
        probabilities = score_answers(prior, responses, skills)
        right = np.zeros(given.shape)
        for column in range(given.shape[1]):
            answered = rows[given[:, column]]
            right[answered, column] = probabilities[answered, responses.answers[answered, column]]
        moved = _to_logits(_shrink(right.sum(axis=0), given.sum(axis=0), standings, 1.0)) - public
        # Agreement tells who is better than whom; how good all of them are, it does not.
        skills = 1 / (1 + np.exp(-(public + share * (moved - moved.mean()))))
    return skills


def anchor_accuracies(accuracies: Numbers, standings: Numbers) -> Numbers:
    """Return accuracies on the scale of public quality: measured differences, the public average."""
    logits = _to_logits(accuracies)
    anchored: Numbers = 1 / (1 + np.exp(logits.mean() - logits - _to_logits(standings).mean()))
    return anchored


def _to_logits(probabilities: Numbers) -> Numbers:
    clipped = np.clip(probabilities, 0.02, 0.98)
    logits: Numbers = np.log(clipped / (1 - clipped))
    return logits


def measure_topic_accuracies(
    scores: Numbers, given: NDArray[np.bool_], topics: Sequence[str], standings: Numbers
) -> list[dict[str, float]]:
    """Return every model's quality by topic (ANY_TOPIC: overall); a topic's is shrunk to the overall one.

    `scores` and `given` have shape (questions, models).
    """
    overall = _shrink((scores * given).sum(axis=0), given.sum(axis=0), standings, _PUBLIC_ANSWERS)
    rows = [{ANY_TOPIC: round(float(skill), _DIGITS)} for skill in overall]
    for topic in sorted(set(topics) - {ANY_TOPIC}):
        index = np.array([name == topic for name in topics])
        right, counts = (scores * given)[index].sum(axis=0), given[index].sum(axis=0)
        for row, skill in zip(rows, _shrink(right, counts, overall, _TOPIC_ANSWERS), strict=True):
            row[topic] = round(float(skill), _DIGITS)
    return rows
