"""Turns votes into the probabilities that answers are right: a conditional logit over the answers given.

The score of an answer is a weighted sum of how it is supported (McFadden, 1974; the log-odds of a vote are
those of Nitzan & Paroush, 1982), plus what was learned about the models that give it. One more alternative
stands for none of the answers being right. The same functions serve turns and fit weights in training/.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
OPEN_CHOICES = 20
# How an answer is supported. The root of the sum of its voters' log-odds; the same of log-odds that count the
# less the weaker a voter is than the panel's best, and that sum by the root of the number of voters; its best
# voter; by how much the panel's best model leads, if it gives the answer, and how many it has against it; and
# the sum over vendors of each one's best voter, because models of one vendor share mistakes.
# Their weights are not negative, so that no answer becomes less probable when another vote goes over to it.
SUPPORT = (
    "root_of_sum", "root_of_relative", "relative_per_root", "best",
    "lead", "leads_crowd", "vendors_per_root", "root_of_vendors",
)  # fmt: skip
MAX_DISTINCT = 4
_MAX_ACCURACY = 0.98
_MARGIN_OF_CHANCE = 0.02


@dataclass(frozen=True, slots=True)
class Ballot:
    """One candidate's vote: its model and vendor, the model's public quality (0-1), and its answer."""

    voter: str
    model: str
    vendor: str
    standing: float
    answer: str


@dataclass(frozen=True, slots=True)
class VoteWeights:
    """The weights of one kind of vote.

    `support` has one weight a feature of SUPPORT; `none_scores` are the scores of none being right for one
    different answer, two, and so on, which rise by `none_slope` with the log-odds of the best voter.
    `skills` are measured accuracies, which replace public quality. `models`, `topics` and `letters` are
    learned offsets to the score of an answer by a model's vote; a model or topic without one is as the prior
    says.
    """

    support: tuple[float, ...]
    none_scores: tuple[float, ...]
    none_slope: float = 0.0
    skills: Mapping[str, float] = field(default_factory=dict)
    models: Mapping[str, float] = field(default_factory=dict)
    topics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    letters: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def find_offset(self, model: str, topic: str, answer: str) -> float:
        """Return what a model's vote adds to an answer beyond its accuracy, 0 for unknown models.

        Models favour some option letters when they guess, which the letter's offset corrects.
        """
        return (
            self.models.get(model, 0.0)
            + self.topics.get(topic, {}).get(model, 0.0)
            + self.letters.get(answer, {}).get(model, 0.0)
        )


def convert_to_log_odds(accuracies: Sequence[float] | Numbers, choices: int) -> Numbers:
    """Return log-odds of being right among this many choices, 0 for a guess, of accuracies in 0-1."""
    clipped = np.clip(
        np.asarray(accuracies, dtype=np.float64), 1 / choices + _MARGIN_OF_CHANCE, _MAX_ACCURACY
    )
    log_odds: Numbers = np.log(clipped * (choices - 1) / (1 - clipped))
    return log_odds


def measure_support(votes: Numbers, log_odds: Numbers, vendors: Sequence[str]) -> Numbers:
    """Return how every answer is supported, shape (..., answers, len(SUPPORT)).

    `votes` is 1 where a model gives an answer, shape (..., answers, models); `log_odds` has shape (models,).
    """
    weighed = votes * log_odds
    cast = weighed.sum(axis=-2)
    voters = np.maximum(votes.sum(axis=(-2, -1)), 1.0)[..., None]
    total, best = weighed.sum(axis=-1), weighed.max(axis=-1)
    ordered = np.sort(cast, axis=-1)
    top = np.maximum(ordered[..., -1:], 1e-9)
    lead = top - (ordered[..., -2:-1] if cast.shape[-1] > 1 else 0.0)
    is_leader = np.zeros_like(cast)
    np.put_along_axis(is_leader, cast.argmax(axis=-1)[..., None], 1.0, axis=-1)
    is_led = (votes * is_leader[..., None, :]).sum(axis=-1)
    relative = (weighed * np.square(cast / top)[..., None, :]).sum(axis=-1)
    names = np.asarray(vendors)
    by_vendor = np.zeros_like(total)
    for vendor in dict.fromkeys(vendors):
        by_vendor += weighed[..., names == vendor].max(axis=-1)
    root = np.sqrt(voters)
    features = (
        np.sqrt(total), np.sqrt(relative), relative / root, best,
        is_led * lead, is_led * top * np.log(voters), by_vendor / root, np.sqrt(by_vendor),
    )  # fmt: skip
    return np.stack(features, axis=-1)


def tally_votes(
    weights: VoteWeights, ballots: Sequence[Ballot], choices: int, topic: str = ""
) -> dict[str, float]:
    """Return the probability of every answer being right; what is missing to 1 is that none of them is."""
    cast = sorted(ballots, key=lambda ballot: (ballot.answer, ballot.voter))
    answers = list(dict.fromkeys(ballot.answer for ballot in cast))
    votes = np.array([[float(ballot.answer == answer) for ballot in cast] for answer in answers])
    log_odds = convert_to_log_odds(
        [weights.skills.get(ballot.model, ballot.standing) for ballot in cast], choices
    )
    offsets = np.array([weights.find_offset(ballot.model, topic, ballot.answer) for ballot in cast])
    scores = measure_support(votes, log_odds, [ballot.vendor for ballot in cast]) @ np.array(weights.support)
    scores += votes @ offsets
    none_score = weights.none_scores[min(len(answers), len(weights.none_scores)) - 1]
    none_score += weights.none_slope * float(log_odds.max())
    exponents = np.exp(np.append(scores, none_score) - max(none_score, float(scores.max())))
    shares = exponents / exponents.sum()
    return dict(zip(answers, (float(share) for share in shares), strict=False))
