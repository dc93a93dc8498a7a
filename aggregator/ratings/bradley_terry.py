"""A Bradley-Terry model of pairwise votes: skills by topic, with length and position bias as covariates.

Bradley & Terry 1952; online Newton steps with a diagonal Laplace posterior as in Glickman 1999; bias terms
as in the style control of Chatbot Arena (Li et al. 2024).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

from aggregator.domain.logistic import logistic

SKILL_DEVIATION, TOPIC_DEVIATION = 0.5, 0.3
LENGTH_BIAS, POSITION_BIAS, BIAS_DEVIATION = 0.25, 0.1, 0.2
# A new rater starts as if they had agreed with the model in 6 of 10 votes.
RATER, RATER_PRIOR, MIN_RELIABILITY = "judge", (6.0, 10.0), 0.2
SIGNAL_WEIGHTS: Mapping[str, float] = {"pick": 1.0, "continue": 0.5, "copy": 0.3, "regenerate": 0.3}


@dataclass(frozen=True, slots=True)
class Belief:
    """A normal distribution of a parameter, in log-odds."""

    mean: float
    variance: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """One answer preferred to another; lengths in characters, places on the screen from 0.

    A regenerated answer loses a comparison to the one that replaced it.
    """

    winner: str
    loser: str
    topic: str = ""
    lengths: tuple[int, int] = (1, 1)
    places: tuple[int, int] = (0, 0)
    signal: str = "pick"
    reliability: float = 1.0
    rater: str = ""


@dataclass(slots=True)
class BradleyTerryModel:
    """A Bradley-Terry model with covariates, updated by one Newton step for each comparison."""

    priors: Mapping[str, float] = field(default_factory=dict)
    beliefs: dict[tuple[str, str], Belief] = field(default_factory=dict)

    def get_belief(self, key: tuple[str, str]) -> Belief:
        """Return the belief about ("skill", model), an offset (topic, model) or a bias ("pull", name)."""
        if key in self.beliefs:
            return self.beliefs[key]
        kind, name = key
        if kind == "pull":
            return Belief(LENGTH_BIAS if name == "length" else POSITION_BIAS, BIAS_DEVIATION**2)
        if kind == "skill":
            return Belief(self.priors.get(name, 0.0), SKILL_DEVIATION**2)
        return Belief(0.0, TOPIC_DEVIATION**2)

    def predict(self, comparison: Comparison) -> float:
        """Return the probability that the winner would have been preferred."""
        margin = sum(slope * self.get_belief(key).mean for key, slope in _slopes(comparison))
        return logistic(margin)

    def rater_reliability(self, rater: str) -> float:
        """Return a rater's weight in [MIN_RELIABILITY, 1]; it falls with votes that were not expected."""
        belief = self.beliefs.get((RATER, rater))
        agreed, total = (belief.mean, belief.variance) if belief else (0.0, 0.0)
        share = (agreed + RATER_PRIOR[0]) / (total + RATER_PRIOR[1])
        return min(1.0, max(MIN_RELIABILITY, (share - 0.3) / 0.3))

    def record_rater_agreement(self, rater: str, comparisons: Sequence[Comparison]) -> None:
        """Count a vote of a rater and its share of comparisons that the model expected."""
        belief = self.beliefs.get((RATER, rater), Belief(0.0, 0.0))
        agreed = sum(self.predict(comparison) >= 0.5 for comparison in comparisons) / len(comparisons)
        self.beliefs[RATER, rater] = Belief(belief.mean + agreed, belief.variance + 1)

    def learn(self, comparison: Comparison) -> None:
        """Update the beliefs by a comparison, weighted by its signal and the reliability of its rater."""
        weight = SIGNAL_WEIGHTS[comparison.signal] * comparison.reliability
        chance = self.predict(comparison)
        moved = {}
        for key, slope in _slopes(comparison):
            belief = self.get_belief(key)
            variance = 1 / (1 / belief.variance + weight * slope * slope * chance * (1 - chance))
            moved[key] = Belief(belief.mean + variance * weight * slope * (1 - chance), variance)
        self.beliefs.update(moved)

    def estimate_skill(self, model: str, topic: str = "") -> tuple[float, float]:
        """Return a model's skill and half its 95 % interval, in log-odds, on a topic or overall."""
        skill, offset = self.get_belief(("skill", model)), self.get_belief((topic, model))
        mean = skill.mean + (offset.mean if topic else 0.0)
        return mean, 1.96 * sqrt(skill.variance + (offset.variance if topic else 0.0))


def _slopes(comparison: Comparison) -> Iterator[tuple[tuple[str, str], float]]:
    yield ("skill", comparison.winner), 1.0
    yield ("skill", comparison.loser), -1.0
    if comparison.topic:
        yield (comparison.topic, comparison.winner), 1.0
        yield (comparison.topic, comparison.loser), -1.0
    longer = (comparison.lengths[0] - comparison.lengths[1]) / max(1, sum(comparison.lengths))
    if longer:
        yield ("pull", "length"), longer
    if comparison.places[0] != comparison.places[1]:
        yield ("pull", "place"), 1.0 if comparison.places[0] < comparison.places[1] else -1.0
