"""Fits the vote: the calibration of public priors, and the learned vote's weights by model, topic and letter.

The learned vote (`fit_vote_weights`) is a conditional logit (McFadden, 1974) over the answers of a question,
with an alternative for none of them. It is not yet served: it will be served by the live-ensemble work.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from aggregator.pipeline.answer_type import LETTERS
from aggregator.pipeline.ranking.tally import VoteWeights, weigh_standings
from aggregator.training.response_matrix import Codes, Numbers, ResponseMatrix, encode_one_hot

_FOLDS = 4
_NOT_GIVEN_SCORE = -1e9
_MAX_DISTINCT = 4
_ROWS_TO_CHOOSE_BY = 3_000
_NONE_SHRINK = 0.1


@dataclass(frozen=True, slots=True)
class Regularisation:
    """L2 penalties of weights towards their prior and of offsets towards 0; 0 leaves those offsets out."""

    models: float = 10.0
    topics: float = 0.0
    letters: float = 0.0


_PLAIN = (Regularisation(),)
_BY_TOPIC = (Regularisation(topics=30.0), Regularisation(topics=100.0))
_BY_LETTER = (Regularisation(letters=10.0),)
_BY_BOTH = (Regularisation(topics=30.0, letters=10.0), Regularisation(topics=100.0, letters=10.0))


@dataclass(slots=True)
class _Problem:
    """The penalised likelihood of a conditional logit with an alternative for none, for L-BFGS.

    `votes` has shape (questions, answers, models), `given` (questions, answers), and `distinct`, `right` and
    `topic` (questions,).
    """

    votes: Numbers
    given: NDArray[np.bool_]
    distinct: Codes
    right: Codes
    topic: Codes
    prior: Numbers
    shrink: Regularisation

    def split(self, point: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        models, answers = len(self.prior), self.votes.shape[1]
        offsets = point[models + _MAX_DISTINCT :].reshape(-1, models)
        by_topic = offsets[: len(offsets) - answers] if self.shrink.letters else offsets
        return point[:models], point[models : models + _MAX_DISTINCT], by_topic, offsets[len(by_topic) :]

    def score(self, point: Numbers) -> Numbers:
        weights, none_scores, by_topic, by_letter = self.split(point)
        sums = self.votes @ weights
        if len(by_topic):
            sums += np.einsum("nkm,nm->nk", self.votes, by_topic[self.topic])
        if len(by_letter):
            sums += np.einsum("nkm,km->nk", self.votes, by_letter)
        none_score = none_scores[self.distinct]
        return np.concatenate([np.where(self.given, sums, _NOT_GIVEN_SCORE), none_score[:, None]], axis=1)

    def loss(self, point: Numbers) -> tuple[float, Numbers]:
        weights, none_scores, by_topic, by_letter = self.split(point)
        scores = self.score(point)
        scores -= scores.max(axis=1, keepdims=True)
        exponents = np.exp(scores)
        totals = exponents.sum(axis=1, keepdims=True)
        rows = np.arange(len(scores))
        loss = float((np.log(totals[:, 0]) - scores[rows, self.right]).sum())
        residual = exponents / totals
        residual[rows, self.right] -= 1.0
        gradient = residual[:, :-1, None] * self.votes
        away = weights - self.prior
        loss += 0.5 * self.shrink.models * float(away @ away) + 0.5 * _NONE_SHRINK * float(
            none_scores @ none_scores
        )
        parts = [gradient.sum(axis=(0, 1)) + self.shrink.models * away]
        none_gradient = np.bincount(self.distinct, weights=residual[:, -1], minlength=_MAX_DISTINCT)
        parts.append(none_gradient + _NONE_SHRINK * none_scores)
        if len(by_topic):
            topic_gradient = np.zeros_like(by_topic)
            np.add.at(topic_gradient, self.topic, gradient.sum(axis=1))
            parts.append((topic_gradient + self.shrink.topics * by_topic).ravel())
            loss += 0.5 * self.shrink.topics * float((by_topic**2).sum())
        if len(by_letter):
            parts.append((gradient.sum(axis=0) + self.shrink.letters * by_letter).ravel())
            loss += 0.5 * self.shrink.letters * float((by_letter**2).sum())
        return loss, np.concatenate(parts)


def _build_problem(responses: ResponseMatrix, names: Sequence[str], shrink: Regularisation) -> _Problem:
    votes, given = encode_one_hot(responses)
    right = np.where(responses.gold >= 0, responses.gold, votes.shape[1])
    codes = {name: code for code, name in enumerate(names)}
    topic = np.array([codes[name] for name in responses.topics], dtype=np.int64)
    distinct = np.clip(given.sum(axis=1), 1, _MAX_DISTINCT) - 1
    return _Problem(votes, given, distinct, right, topic, np.zeros(len(responses.models)), shrink)


def _find_prior(problem: _Problem, responses: ResponseMatrix) -> tuple[Numbers, float]:
    """Return the public prior weights scaled to these answers, and the score of none: two numbers fitted."""
    guarded = np.maximum(
        0.05, weigh_standings([float(p) for p in responses.score_models()], responses.choices)
    )

    plain = replace(problem, shrink=Regularisation())

    def measure(point: Numbers) -> float:
        scores = plain.score(np.append(guarded * np.exp(point[0]), np.full(_MAX_DISTINCT, point[1])))
        return _measure_loss(scores, problem.right)

    solved = optimize.minimize(
        measure, np.array([-0.5, 0.0]), method="L-BFGS-B", bounds=[(-2.5, 0.5), (-6.0, 6.0)]
    )
    return guarded * np.exp(solved.x[0]), float(solved.x[1])


def _solve(
    responses: ResponseMatrix, names: Sequence[str], shrink: Regularisation
) -> tuple[_Problem, Numbers]:
    problem = _build_problem(responses, names, shrink)
    problem.prior, none_score = _find_prior(problem, responses)
    rows = (len(names) if shrink.topics else 0) + (problem.votes.shape[1] if shrink.letters else 0)
    offsets = rows * len(problem.prior)
    start = np.concatenate([problem.prior, np.full(_MAX_DISTINCT, none_score), np.zeros(offsets)])
    bounds = [(0.0, None)] * len(problem.prior) + [(None, None)] * (_MAX_DISTINCT + offsets)
    solved = optimize.minimize(
        problem.loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 150}
    )
    return problem, solved.x


def _score_held_out(
    point: Numbers, rest: ResponseMatrix, names: Sequence[str], shrink: Regularisation
) -> tuple[Numbers, Codes]:
    problem = _build_problem(rest, names, shrink)
    return problem.score(point), problem.right


def _measure_loss(scores: Numbers, right: Codes) -> float:
    level = scores - scores.max(axis=1, keepdims=True)
    return float((np.log(np.exp(level).sum(axis=1)) - level[np.arange(len(right)), right]).mean())


def _apply_calibration(scores: Numbers, distinct: Codes, point: Numbers) -> Numbers:
    calibrated: Numbers = np.exp(point[0]) * np.maximum(scores, 0.0) ** np.exp(point[1])
    calibrated[scores < _NOT_GIVEN_SCORE / 2] = _NOT_GIVEN_SCORE
    calibrated[:, -1] = scores[:, -1] + point[2:][distinct]
    return calibrated


def _calibrate(scores: Numbers, right: Codes) -> Numbers:
    """Return the log scale, log bend and none scores that calibrate held-out sums as probabilities."""

    def measure(point: Numbers) -> float:
        penalty = 0.01 * float(np.square(point).sum()) / np.sqrt(len(right))
        return _measure_loss(_apply_calibration(scores, distinct, point), right) + float(penalty)

    distinct = np.clip((scores[:, :-1] > _NOT_GIVEN_SCORE / 2).sum(axis=1), 1, _MAX_DISTINCT) - 1
    bounds = [(-2.0, 2.0), (-1.2, 0.5)] + [(-6.0, 6.0)] * _MAX_DISTINCT
    solved = optimize.minimize(measure, np.zeros(2 + _MAX_DISTINCT), method="L-BFGS-B", bounds=bounds)
    return np.asarray(solved.x, dtype=np.float64)


def _choose_regularisation(
    responses: ResponseMatrix, names: Sequence[str], seed: int
) -> tuple[Regularisation, Numbers]:
    """Return the regularisation and the calibration chosen by cross-validation."""
    order = np.random.default_rng(seed).permutation(len(responses.gold))[:_ROWS_TO_CHOOSE_BY]
    responses, fold = responses.select_rows(order), np.arange(len(order)) % _FOLDS
    has_topics = len(names) > 1
    grid = _PLAIN + (_BY_TOPIC if has_topics else ()) + (_BY_LETTER if responses.is_lettered else ())
    grid += _BY_BOTH if has_topics and responses.is_lettered else ()
    best: tuple[float, Regularisation, Numbers, Codes] | None = None
    for shrink in grid:
        parts = []
        for number in range(_FOLDS):
            _, point = _solve(responses.select_rows(np.flatnonzero(fold != number)), names, shrink)
            parts.append(
                _score_held_out(point, responses.select_rows(np.flatnonzero(fold == number)), names, shrink)
            )
        scores = np.concatenate([part[0] for part in parts])
        right = np.concatenate([part[1] for part in parts])
        loss = _measure_loss(scores, right)
        if best is None or loss < best[0]:
            best = (loss, shrink, scores, right)
    if best is None:
        raise ValueError("there are no responses to fit on")
    return best[1], _calibrate(best[2], best[3])


def fit_vote_weights(responses: ResponseMatrix, seed: int = 0, *, quick: bool = False) -> VoteWeights:
    """Fit the learned vote on labelled answers, with regularisation chosen by cross-validation.

    A quick fit has no offsets and no calibration: enough to compare panels, but not calibrated.
    """
    names = sorted(set(responses.topics))
    shrink, calibration = (
        (Regularisation(), np.zeros(2 + _MAX_DISTINCT))
        if quick
        else _choose_regularisation(responses, names, seed)
    )
    problem, point = _solve(responses, names, shrink)
    weights, none_scores, by_topic, by_letter = problem.split(point)

    def label(row: Numbers) -> dict[str, float]:
        return dict(zip(responses.models, (round(float(value), 5) for value in row), strict=True))

    return VoteWeights(
        weights=label(weights),
        none_scores=tuple(round(float(score), 5) for score in none_scores + calibration[2:]),
        scale=round(float(np.exp(calibration[0])), 5),
        bend=round(float(np.exp(calibration[1])), 5),
        topics={topic: label(row) for topic, row in zip(names, by_topic, strict=False)},
        letters={letter: label(row) for letter, row in zip(LETTERS, by_letter, strict=False) if row.any()},
    )


def fit_prior_calibration(response_sets: Sequence[ResponseMatrix]) -> VoteWeights:
    """Fit the calibration of votes weighted by public priors, for models without labelled answers."""
    parts = []
    for responses in response_sets:
        problem = _build_problem(responses, sorted(set(responses.topics)), Regularisation())
        standings = [float(score) for score in responses.score_models()]
        weights = np.array([max(0.0, weight) for weight in weigh_standings(standings, responses.choices)])
        parts.append((problem.score(np.concatenate([weights, np.zeros(_MAX_DISTINCT)])), problem.right))
    calibration = _calibrate(
        np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    )
    return VoteWeights(
        weights={},
        none_scores=tuple(round(float(score), 5) for score in calibration[2:]),
        scale=round(float(np.exp(calibration[0])), 5),
        bend=round(float(np.exp(calibration[1])), 5),
    )
