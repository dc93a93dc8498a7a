"""Measures by kind of question how true the probabilities of votes are on questions outside the fit."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from aggregator.pipeline.ranking.calibration import CalibrationError
from aggregator.pipeline.ranking.tally import VoteWeights
from aggregator.training.fit_vote import score_answers
from aggregator.training.response_matrix import Numbers, ResponseMatrix

BINS = 10
PANEL_SIZES = (2, 3, 4)
_DIGITS = 4


@dataclass(frozen=True)
class HeldOutVotes:
    """Answers outside a fit: the weights and skills that it gave, and the kind of every question."""

    responses: ResponseMatrix
    weights: VoteWeights
    skills: Numbers
    kinds: Sequence[str]


def measure_calibration_error(confidences: Numbers, right: Numbers) -> float:
    """Return the expected calibration error (Naeini et al., 2015) over ten bins of equal width."""
    bins = np.minimum((confidences * BINS).astype(int), BINS - 1)
    gaps = [
        (bins == each).mean() * abs(confidences[bins == each].mean() - right[bins == each].mean())
        for each in set(bins.tolist())
    ]
    return float(sum(gaps))


def _sample_panels(count: int, models: int, rng: np.random.Generator) -> list[list[int]]:
    """Return a random panel of a live turn's size for every question."""
    sizes = [size for size in PANEL_SIZES if size <= models] or [models]
    return [sorted(rng.permutation(models)[: rng.choice(sizes)].tolist()) for _ in range(count)]


def _read_votes(votes: HeldOutVotes, seed: int) -> tuple[Numbers, Numbers]:
    """Return the confidence of each question's vote by a random panel, and whether its answer is right.

    Questions that fewer than two models of the panel answered have a confidence of NaN.
    """
    responses = votes.responses
    rng = np.random.default_rng(seed)
    panels = _sample_panels(len(responses.gold), len(responses.models), rng)
    masked = np.full(responses.answers.shape, -1, dtype=np.int64)
    for row, panel in enumerate(panels):
        masked[row, panel] = responses.answers[row, panel]
    probabilities = score_answers(votes.weights, responses.with_answers(masked), votes.skills)[:, :-1]
    leading = probabilities.argmax(axis=1)
    confidences = np.where((masked >= 0).sum(axis=1) > 1, probabilities.max(axis=1), np.nan)
    return confidences, (leading == responses.gold).astype(np.float64)


def measure_calibration(held_out: Sequence[HeldOutVotes], seed: int = 0) -> Mapping[str, CalibrationError]:
    """Return the calibration error of every kind of question, over all sets that have it."""
    confidences: dict[str, list[Numbers]] = defaultdict(list)
    right: dict[str, list[Numbers]] = defaultdict(list)
    for number, votes in enumerate(held_out):
        shown, hits = _read_votes(votes, seed + number)
        kinds = np.array(votes.kinds)
        for kind in dict.fromkeys(votes.kinds):
            rows = (kinds == kind) & ~np.isnan(shown)
            confidences[kind].append(shown[rows])
            right[kind].append(hits[rows])
    errors = {}
    for kind in sorted(confidences):
        joined = np.concatenate(confidences[kind])
        if len(joined):
            error = measure_calibration_error(joined, np.concatenate(right[kind]))
            errors[kind] = CalibrationError(round(error, _DIGITS), len(joined))
    return errors
