"""What people's picks teach: a model's skill, by topic, without the pull of length and screen place."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, sqrt

SKILL_DOUBT, TOPIC_DOUBT = 0.5, 0.3
LENGTH_PULL, PLACE_PULL, PULL_DOUBT = 0.25, 0.1, 0.2
# A new judge is taken to have agreed six times in ten.
JUDGE, JUDGE_PRIOR, LEAST_TRUST = "judge", (6.0, 10.0), 0.2
SIGNAL_WEIGHTS: Mapping[str, float] = {"pick": 1.0, "continue": 0.5, "copy": 0.3, "regenerate": 0.3}


@dataclass(frozen=True, slots=True)
class Belief:
    """A number believed to be about `mean`, give or take the root of `variance`."""

    mean: float
    variance: float


@dataclass(frozen=True, slots=True)
class Duel:
    """One answer preferred to another; lengths and screen places (0 first) as the person saw them.

    A regenerate is a duel that the rejected answer loses to the one that replaced it.
    """

    winner: str
    loser: str
    topic: str = ""
    lengths: tuple[int, int] = (1, 1)
    places: tuple[int, int] = (0, 0)
    signal: str = "pick"
    reliability: float = 1.0
    judge: str = ""


@dataclass(slots=True)
class SkillBook:
    """Beliefs of a contextual Bradley-Terry model, moved by one Newton step a duel (diagonal Laplace)."""

    priors: Mapping[str, float] = field(default_factory=dict)
    beliefs: dict[tuple[str, str], Belief] = field(default_factory=dict)

    def believe(self, key: tuple[str, str]) -> Belief:
        """Return the belief about ("skill", model), an offset (topic, model), or a pull ("pull", name)."""
        if key in self.beliefs:
            return self.beliefs[key]
        kind, name = key
        if kind == "pull":
            return Belief(LENGTH_PULL if name == "length" else PLACE_PULL, PULL_DOUBT**2)
        if kind == "skill":
            return Belief(self.priors.get(name, 0.0), SKILL_DOUBT**2)
        return Belief(0.0, TOPIC_DOUBT**2)

    def predict(self, duel: Duel) -> float:
        """Return the probability that the winner would have been preferred."""
        margin = sum(slope * self.believe(key).mean for key, slope in _slopes(duel))
        return 1 / (1 + exp(-max(-30.0, min(30.0, margin))))

    def trust(self, judge: str) -> float:
        """Return what a person's word counts: whole until they prefer what others do not, again and again."""
        belief = self.beliefs.get((JUDGE, judge))
        agreed, told = (belief.mean, belief.variance) if belief else (0.0, 0.0)
        share = (agreed + JUDGE_PRIOR[0]) / (told + JUDGE_PRIOR[1])
        return min(1.0, max(LEAST_TRUST, (share - 0.3) / 0.3))

    def note_judge(self, judge: str, duels: Sequence[Duel]) -> None:
        """Remember whether a person preferred what was to be expected; kept as agreed and told."""
        belief = self.beliefs.get((JUDGE, judge), Belief(0.0, 0.0))
        agreed = sum(self.predict(duel) >= 0.5 for duel in duels) / len(duels)
        self.beliefs[JUDGE, judge] = Belief(belief.mean + agreed, belief.variance + 1)

    def learn(self, duel: Duel) -> None:
        """Take in a duel, weighed by its signal and by how reliable its judge has been."""
        weight = SIGNAL_WEIGHTS[duel.signal] * duel.reliability
        chance = self.predict(duel)
        moved = {}
        for key, slope in _slopes(duel):
            belief = self.believe(key)
            variance = 1 / (1 / belief.variance + weight * slope * slope * chance * (1 - chance))
            moved[key] = Belief(belief.mean + variance * weight * slope * (1 - chance), variance)
        self.beliefs.update(moved)

    def measure_skill(self, model: str, topic: str = "") -> tuple[float, float]:
        """Return a model's skill and its 95 % half-width, on a topic or overall."""
        skill, offset = self.believe(("skill", model)), self.believe((topic, model))
        mean = skill.mean + (offset.mean if topic else 0.0)
        return mean, 1.96 * sqrt(skill.variance + (offset.variance if topic else 0.0))


def _slopes(duel: Duel) -> Iterator[tuple[tuple[str, str], float]]:
    yield ("skill", duel.winner), 1.0
    yield ("skill", duel.loser), -1.0
    if duel.topic:
        yield (duel.topic, duel.winner), 1.0
        yield (duel.topic, duel.loser), -1.0
    longer = (duel.lengths[0] - duel.lengths[1]) / max(1, sum(duel.lengths))
    if longer:
        yield ("pull", "length"), longer
    if duel.places[0] != duel.places[1]:
        yield ("pull", "place"), 1.0 if duel.places[0] < duel.places[1] else -1.0
