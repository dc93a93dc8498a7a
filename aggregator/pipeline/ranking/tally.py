"""Weighted votes into probabilities: who says what, what a word counts, how likely each answer is right."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

PRIOR_SCALE = 0.6
LEADER_GUARD = 0.2
OPEN_CHOICES = 20


@dataclass(frozen=True, slots=True)
class WeightedVote:
    """One model's vote: the answer it gives and the weight its word has."""

    voter: str
    answer: str
    weight: float


@dataclass(frozen=True, slots=True)
class VoteWeights:
    """Vote weights by model, their offsets by topic and letter, and what turns sums into probabilities."""

    weights: Mapping[str, float]
    none_scores: tuple[float, ...] = (0.0,)
    scale: float = 1.0
    bend: float = 1.0
    topics: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    letters: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def weigh(self, model: str, topic: str, answer: str) -> float:
        """Return what a model's word counts on a topic, never less than nothing.

        Models lean to some option letters when they guess, so a word for such a letter counts less.
        """
        offset = self.topics.get(topic, {}).get(model, 0.0) + self.letters.get(answer, {}).get(model, 0.0)
        return max(0.0, self.weights[model] + offset)


def weigh_standings(standings: Sequence[float], choices: int) -> list[float]:
    """Turn public accuracies into vote weights; followers count less, lest they outvote a clear leader."""
    guard = 1 + LEADER_GUARD * max(0, len(standings) - 2)
    best = max(standings, default=0.0)
    weights = []
    for standing in standings:
        sure = min(0.98, max(1 / choices + 0.02, standing))
        weight = PRIOR_SCALE * math.log(sure * (choices - 1) / (1 - sure))
        weights.append(weight if standing >= best else weight / guard)
    return weights


def tally_votes(
    weighted_votes: Sequence[WeightedVote],
    none_scores: Sequence[float] = (0.0,),
    scale: float = 1.0,
    bend: float = 1.0,
) -> tuple[dict[str, float], float]:
    """Return the probability of every answer, and of none being right; they sum to one.

    The score of none being right depends on how many different answers were given, one first; a bend below
    one says that each further vote is worth a little less, since models share their mistakes.
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
    nothing = math.exp(none_score - top)
    total = nothing + sum(exponents.values())
    return {answer: value / total for answer, value in exponents.items()}, nothing / total


def find_leading_answer(probabilities: Mapping[str, float]) -> tuple[str, float]:
    """Return the likeliest answer and its probability; of equals the first by name, and ("", 0) of none."""
    if not probabilities:
        return "", 0.0
    answer = min(probabilities, key=lambda name: (-probabilities[name], name))
    return answer, probabilities[answer]


def count_vote(head: VoteWeights, given: Mapping[str, str], topic: str) -> tuple[str, float]:
    """Return the leading answer of what models said, and its probability."""
    weighted_votes = [
        WeightedVote(model, answer, head.weigh(model, topic, answer))
        for model, answer in given.items()
        if answer
    ]
    return (
        find_leading_answer(tally_votes(weighted_votes, head.none_scores, head.scale, head.bend)[0])
        if weighted_votes
        else ("", 0.0)
    )
