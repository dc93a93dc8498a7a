"""Turns weighted votes into the probabilities that answers are right.

Weighted plurality voting with log-odds weights (Nitzan & Paroush, 1982), as a softmax over answers.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

PRIOR_SCALE = 0.6
LEADER_GUARD = 0.2
OPEN_CHOICES = 20


@dataclass(frozen=True, slots=True)
class WeightedVote:
    """One model's vote: its answer and its weight."""

    voter: str
    answer: str
    weight: float


@dataclass(frozen=True, slots=True)
class VoteWeights:
    """Vote weights by model, their offsets by topic and option letter, and the calibration of sums.

    `weights`, `topics` and `letters` are those of the learned vote, which is not yet served (see training/).
    """

    weights: Mapping[str, float]
    none_scores: tuple[float, ...] = (0.0,)
    scale: float = 1.0
    bend: float = 1.0
    topics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    letters: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def weigh(self, model: str, topic: str, answer: str) -> float:
        """Return the weight of a model's answer on a topic, at least 0.

        Models favour some option letters when they guess, which the letter's offset corrects.
        """
        offset = self.topics.get(topic, {}).get(model, 0.0) + self.letters.get(answer, {}).get(model, 0.0)
        return max(0.0, self.weights[model] + offset)


def weigh_standings(standings: Sequence[float], choices: int) -> list[float]:
    """Return log-odds vote weights from public accuracies among this many choices.

    All but the best model are weighted down, so that several weak models do not outvote a clear leader.
    """
    guard = 1 + LEADER_GUARD * max(0, len(standings) - 2)
    best = max(standings, default=0.0)
    weights = []
    for standing in standings:
        accuracy = min(0.98, max(1 / choices + 0.02, standing))
        weight = PRIOR_SCALE * math.log(accuracy * (choices - 1) / (1 - accuracy))
        weights.append(weight if standing >= best else weight / guard)
    return weights


def tally_votes(
    weighted_votes: Sequence[WeightedVote],
    none_scores: Sequence[float] = (0.0,),
    scale: float = 1.0,
    bend: float = 1.0,
) -> tuple[dict[str, float], float]:
    """Return the probability of every answer, and of none being right; they sum to one.

    `none_scores` holds the score of none being right for one different answer, two, and so on. A `bend`
    below one makes each further vote count a little less, because models share their mistakes.
    """
    scores: dict[str, float] = {}
    for weighted_vote in sorted(
        weighted_votes,
        key=lambda weighted_vote: (weighted_vote.answer, weighted_vote.voter, weighted_vote.weight),
    ):
        scores[weighted_vote.answer] = scores.get(weighted_vote.answer, 0.0) + weighted_vote.weight
    scores = {answer: scale * score**bend for answer, score in scores.items()}
    none_score = none_scores[min(len(scores), len(none_scores)) - 1]
    top = max([none_score, *scores.values()])
    exponents = {answer: math.exp(score - top) for answer, score in scores.items()}
    none_exponent = math.exp(none_score - top)
    total = none_exponent + sum(exponents.values())
    return {answer: value / total for answer, value in exponents.items()}, none_exponent / total
