"""Fits the vote (aggregator/pipeline/ranking/tally.py) on answers whose right one is known.

`fit_prior` fits what every vote shares, on panels sampled from recorded answers. `fit_offsets` then learns
what is particular to the models on offer, shrunk to that prior.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from aggregator.catalog.vendors import detect_vendor
from aggregator.pipeline.answer_type import LETTERS
from aggregator.pipeline.ranking.tally import (
    MAX_DISTINCT,
    SUPPORT,
    VoteWeights,
    convert_to_log_odds,
    measure_support,
)
from aggregator.training.response_matrix import ABSTAINED, Numbers, ResponseMatrix, encode_one_hot

_NOT_GIVEN_SCORE = -1e9
_DIGITS = 5
_SMALL_PANELS = (2, 3, 4)
_FOLDS = 3
_SCALES = (0.5, 1.5)
_SUPPORTS = len(SUPPORT)
_SHARED = _SUPPORTS + MAX_DISTINCT + 1
# A penalty that nothing moves against.
_FIXED = 1e6


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """L2 penalties: of what votes share towards its prior, and of offsets towards 0; 0 leaves them out."""

    shared: float = 20.0
    models: float = 10.0
    topics: float = 0.0
    letters: float = 10.0


@dataclass(frozen=True, slots=True)
class Penalties:
    """How offsets are fitted: their shrinkage, the topics that have their own, and whether letters do."""

    shrinkage: Shrinkage
    topics: Sequence[str]
    has_letters: bool


PRIOR_SHRINKAGE = Shrinkage(shared=5.0)
LABELLED = Shrinkage(shared=3.0, models=20.0, topics=60.0, letters=10.0)


@dataclass(slots=True)
class VoteProblem:
    """The penalised likelihood of the vote, for L-BFGS.

    `support` has shape (questions, answers, SUPPORT), `votes` (questions, answers, models), `given`
    (questions, answers), `none` (questions, MAX_DISTINCT + 1), `topic` (questions,); `target` are the
    probabilities that each answer, and at last none, is right, shape (questions, answers + 1).
    """

    support: Numbers
    votes: Numbers
    given: NDArray[np.bool_]
    none: Numbers
    topic: NDArray[np.int64]
    target: Numbers
    topics: int = 0
    letters: int = 0

    def split(self, point: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """Return the shared weights and the offsets by model, topic and letter."""
        models = self.votes.shape[2]
        offsets = point[_SHARED:].reshape(-1, models) if models else np.zeros((1, 0))
        return point[:_SHARED], offsets[0], offsets[1 : 1 + self.topics], offsets[1 + self.topics :]

    def score(self, point: Numbers) -> Numbers:
        """Return the scores of answers and of none, shape (questions, answers + 1)."""
        shared, by_model, by_topic, by_letter = self.split(point)
        scores = self.support @ shared[:_SUPPORTS] + self.votes @ by_model
        if len(by_topic):
            rows = np.vstack([by_topic, np.zeros((1, by_topic.shape[1]))])
            scores += np.einsum("nkm,nm->nk", self.votes, rows[self.topic])
        if len(by_letter):
            scores += np.einsum("nkm,km->nk", self.votes, by_letter)
        scores = np.where(self.given, scores, _NOT_GIVEN_SCORE)
        return np.concatenate([scores, (self.none @ shared[_SUPPORTS:])[:, None]], axis=1)

    def measure_loss(self, point: Numbers, prior: Numbers, penalties: Numbers) -> tuple[float, Numbers]:
        """Return the penalised negative log-likelihood and its gradient."""
        scores = self.score(point)
        scores -= scores.max(axis=1, keepdims=True)
        exponents = np.exp(scores)
        totals = exponents.sum(axis=1, keepdims=True)
        away = point - prior
        loss = float((np.log(totals[:, 0]) - (self.target * scores).sum(axis=1)).sum())
        loss += 0.5 * float((penalties * away * away).sum())
        residual = exponents / totals - self.target
        voted = (residual[:, :-1] * self.given)[:, :, None] * self.votes
        parts = [
            np.einsum("nk,nkf->f", residual[:, :-1] * self.given, self.support),
            residual[:, -1] @ self.none,
            voted.sum(axis=(0, 1)),
        ]
        if self.topics:
            by_topic = np.zeros((self.topics + 1, self.votes.shape[2]))
            np.add.at(by_topic, self.topic, voted.sum(axis=1))
            parts.append(by_topic[:-1].ravel())
        if self.letters:
            parts.append(voted.sum(axis=0).ravel())
        return loss, np.concatenate(parts) + penalties * away


def build_problem(
    responses: ResponseMatrix, skills: Numbers, topics: Sequence[str] = (), *, has_letters: bool = False
) -> VoteProblem:
    """Return the problem of coded answers by models of these skills (0-1), shape (models,)."""
    votes, given = encode_one_hot(responses)
    log_odds = convert_to_log_odds(skills, responses.choices)
    vendors = [detect_vendor(model) for model in responses.models]
    distinct = np.clip(given.sum(axis=1), 1, MAX_DISTINCT) - 1
    none = np.zeros((len(votes), MAX_DISTINCT + 1))
    none[np.arange(len(votes)), distinct] = 1.0
    none[:, -1] = (votes.sum(axis=1) * log_odds).max(axis=1)
    target = np.zeros((len(votes), votes.shape[1] + 1))
    target[np.arange(len(votes)), np.where(responses.gold >= 0, responses.gold, votes.shape[1])] = 1.0
    codes = {name: code for code, name in enumerate(topics)}
    # A topic without offsets of its own gets the row of zeros at the end.
    topic = np.array([codes.get(name, len(topics)) for name in responses.topics], dtype=np.int64)
    letters = votes.shape[1] if has_letters else 0
    support = measure_support(votes, log_odds, vendors)
    return VoteProblem(support, votes, given, none, topic, target, len(topics), letters)


def _solve(problem: VoteProblem, start: Numbers, penalties: Numbers) -> Numbers:
    free = len(start) - _SUPPORTS
    solved = optimize.minimize(
        problem.measure_loss,
        start,
        (start, penalties),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, None)] * _SUPPORTS + [(None, None)] * free,
        options={"maxiter": 200},
    )
    return np.asarray(solved.x, dtype=np.float64)


def _list_penalties(problem: VoteProblem, shrinkage: Shrinkage) -> Numbers:
    models = problem.votes.shape[2]
    parts = (
        (shrinkage.shared, _SHARED),
        (shrinkage.models, models),
        (shrinkage.topics, problem.topics * models),
        (shrinkage.letters, problem.letters * models),
    )
    return np.concatenate([np.full(size, penalty) for penalty, size in parts])


def _pool(problems: Sequence[VoteProblem]) -> VoteProblem:
    """Return the questions of several panels as one problem without offsets."""
    width = max(problem.given.shape[1] for problem in problems)

    def pad(rows: Numbers, answers: int) -> Numbers:
        room = [(0, 0), (0, answers - rows.shape[1])] + [(0, 0)] * (rows.ndim - 2)
        return np.pad(rows, room)

    targets = [
        np.concatenate([pad(problem.target[:, :-1], width), problem.target[:, -1:]], axis=1)
        for problem in problems
    ]
    count = sum(len(problem.given) for problem in problems)
    return VoteProblem(
        support=np.concatenate([pad(problem.support, width) for problem in problems]),
        votes=np.zeros((count, width, 0)),
        given=np.concatenate([pad(problem.given.astype(np.float64), width) for problem in problems]) > 0,
        none=np.concatenate([problem.none for problem in problems]),
        topic=np.zeros(count, dtype=np.int64),
        target=np.concatenate(targets),
    )


def _join_shared(weights: VoteWeights) -> Numbers:
    return np.array([*weights.support, *weights.none_scores, weights.none_slope])


def _round(values: Numbers) -> tuple[float, ...]:
    return tuple(round(float(value), _DIGITS) for value in values)


def _name_shared(shared: Numbers) -> VoteWeights:
    values = _round(shared)
    return VoteWeights(values[:_SUPPORTS], values[_SUPPORTS:-1], values[-1])


def fit_prior(panels: Sequence[ResponseMatrix]) -> VoteWeights:
    """Fit what every vote shares on panels whose models are known by their public accuracy only."""
    problem = _pool([build_problem(panel, panel.score_models()) for panel in panels])
    start = np.array([0.5] * _SUPPORTS + [0.0] * (MAX_DISTINCT + 1))
    return _name_shared(_solve(problem, start, np.full(_SHARED, PRIOR_SHRINKAGE.shared)))


def fit_offsets(
    responses: ResponseMatrix, prior: VoteWeights, skills: Numbers, shrinkage: Shrinkage = LABELLED
) -> VoteWeights:
    """Learn a vote's weights on labelled answers of models with measured skills, shrunk to the prior."""
    topics = sorted(set(responses.topics)) if shrinkage.topics else []
    topics = topics if len(topics) > 1 else []
    has_letters = responses.is_lettered and shrinkage.letters > 0
    penalties = Penalties(shrinkage, topics, has_letters)
    point = _solve_offsets(responses, prior, skills, penalties)
    scale = _find_scale(responses, prior, skills, penalties)
    return _name_offsets(scale * point, responses, skills, penalties)


def fit_model_offsets(
    responses: ResponseMatrix, prior: VoteWeights, skills: Numbers, *, models: float, topics: float
) -> VoteWeights:
    """Learn what is particular to models on labelled answers; what all votes share stays as in the prior.

    `models` and `topics` are the L2 penalties of the offsets by model, and by model and topic.
    """
    names = sorted(set(responses.topics))
    shrinkage = Shrinkage(shared=_FIXED, models=models, topics=topics, letters=0.0)
    penalties = Penalties(shrinkage, names if len(names) > 1 else [], has_letters=False)
    fitted = _name_offsets(_solve_offsets(responses, prior, skills, penalties), responses, skills, penalties)
    return replace(prior, skills=fitted.skills, models=fitted.models, topics=fitted.topics)


def _solve_offsets(
    responses: ResponseMatrix, prior: VoteWeights, skills: Numbers, penalties: Penalties
) -> Numbers:
    problem = build_problem(
        mask_panels(responses), skills, penalties.topics, has_letters=penalties.has_letters
    )
    weights = _list_penalties(problem, penalties.shrinkage)
    return _solve(problem, np.append(_join_shared(prior), np.zeros(len(weights) - _SHARED)), weights)


def _find_scale(
    responses: ResponseMatrix, prior: VoteWeights, skills: Numbers, penalties: Penalties, seed: int = 0
) -> float:
    """Return the factor of all weights that calibrates held-out probabilities (Guo et al., 2017)."""
    fold = np.random.default_rng(seed).permutation(len(responses.gold)) % _FOLDS
    held_out = []
    for number in range(_FOLDS):
        learn, check = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        point = _solve_offsets(responses.select_rows(learn), prior, skills, penalties)
        problem = build_problem(
            responses.select_rows(check), skills, penalties.topics, has_letters=penalties.has_letters
        )
        held_out.append((problem.score(point), problem.target))

    def measure(scale: float) -> float:
        loss = 0.0
        for scores, target in held_out:
            scaled = np.where(scores > _NOT_GIVEN_SCORE / 2, scale * scores, _NOT_GIVEN_SCORE)
            scaled -= scaled.max(axis=1, keepdims=True)
            loss += float((np.log(np.exp(scaled).sum(axis=1)) - (target * scaled).sum(axis=1)).sum())
        return loss

    return float(optimize.minimize_scalar(measure, bounds=_SCALES, method="bounded").x)


def mask_panels(responses: ResponseMatrix, seed: int = 0) -> ResponseMatrix:
    """Return the responses, and once more those of a random small panel to each question.

    A live panel is a few of the models on offer, so the weights must also be right for a few of them.
    """
    rng = np.random.default_rng(seed)
    count, models = responses.answers.shape
    if models <= min(_SMALL_PANELS):
        return responses
    sizes = rng.choice([size for size in _SMALL_PANELS if size < models], size=count)
    places = rng.random((count, models)).argsort(axis=1).argsort(axis=1)
    few = np.where(places < sizes[:, None], responses.answers, ABSTAINED)
    return responses.join(responses.with_answers(few))


def join_offsets(weights: VoteWeights, responses: ResponseMatrix) -> tuple[Numbers, list[str], bool]:
    """Return weights as a point, with the topics and the use of letters of its problem."""
    models, topics = responses.models, sorted(weights.topics)
    rows = [weights.models, *(weights.topics[topic] for topic in topics)]
    if weights.letters:
        rows += [weights.letters.get(letter, {}) for letter in LETTERS[: responses.width]]
    offsets = [row.get(model, 0.0) for row in rows for model in models]
    return np.array([*_join_shared(weights), *offsets]), topics, bool(weights.letters)


def score_answers(weights: VoteWeights, responses: ResponseMatrix, skills: Numbers) -> Numbers:
    """Return the probability of each answer, and at last of none, shape (questions, answers + 1).

    The same as the live vote's, for many questions at once.
    """
    point, topics, has_letters = join_offsets(weights, responses)
    scores = build_problem(responses, skills, topics, has_letters=has_letters).score(point)
    exponents = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities: Numbers = exponents / exponents.sum(axis=1, keepdims=True)
    return probabilities


def _name_offsets(
    point: Numbers, responses: ResponseMatrix, skills: Numbers, penalties: Penalties
) -> VoteWeights:
    models, topics = responses.models, penalties.topics
    offsets = point[_SHARED:].reshape(-1, len(models))

    def label(row: Numbers) -> dict[str, float]:
        return dict(zip(models, _round(row), strict=True))

    return replace(
        _name_shared(point[:_SHARED]),
        skills=label(skills),
        models=label(offsets[0]),
        topics={topic: label(row) for topic, row in zip(topics, offsets[1:], strict=False)},
        letters={
            letter: label(row) for letter, row in zip(LETTERS, offsets[1 + len(topics) :], strict=False)
        },
    )
