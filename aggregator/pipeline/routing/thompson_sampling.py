"""Learn from rewards which model suits which topic, starting from public priors and trying on purpose."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
NOISE = 0.4
SKILL_DEVIATION = 0.07
TOPIC_DEVIATION = 0.2
EXPLORATION_SCALE = 0.5
SAMPLES = 200


def sample_choice(means: Numbers, doubts: Numbers, rng: np.random.Generator) -> int:
    """Choose by Thompson sampling: likely good, or worth finding out; `doubts` are standard deviations."""
    return int(np.argmax(means + EXPLORATION_SCALE * doubts * rng.standard_normal(len(means))))


def estimate_choice_probabilities(
    means: Numbers, doubts: Numbers, rng: np.random.Generator, draws: int = SAMPLES
) -> Numbers:
    """Return how likely each place is to be drawn, which logs need for judging other choices later."""
    tried = means + EXPLORATION_SCALE * doubts * rng.standard_normal((draws, len(means)))
    return np.bincount(tried.argmax(axis=1), minlength=len(means)) / draws


class Bandit:
    """A Bayesian linear reward a model: its skill plus its offset a topic; Thompson sampling chooses."""

    def __init__(self, priors: Mapping[str, float], topics: int, *, noise: float = NOISE) -> None:
        self.models = tuple(priors)
        doubts = np.array([1 / SKILL_DEVIATION**2] + [1 / TOPIC_DEVIATION**2] * topics)
        self._precisions = np.array([np.diag(doubts) for _ in priors])
        self._covariances = np.array([np.diag(1 / doubts) for _ in priors])
        self._pulls = np.zeros((len(priors), 1 + topics))
        self._pulls[:, 0] = np.array(list(priors.values())) / SKILL_DEVIATION**2
        self._noise = noise

    def draw(self, shares: Numbers, rng: np.random.Generator) -> int:
        """Choose a model's place for a prompt of these topic shares."""
        return sample_choice(*self._believe(shares), rng)

    def measure_chances(self, shares: Numbers, rng: np.random.Generator, draws: int = SAMPLES) -> Numbers:
        """Return how likely each model is to be chosen."""
        return estimate_choice_probabilities(*self._believe(shares), rng, draws)

    def _believe(self, shares: Numbers) -> tuple[Numbers, Numbers]:
        context = np.append(1.0, shares)
        means = (self._covariances @ self._pulls[:, :, None])[:, :, 0] @ context
        variances = np.einsum("f,mfg,g->m", context, self._covariances, context)
        return means, np.sqrt(np.maximum(variances, 0.0))

    def learn(self, place: int, shares: Numbers, reward: float) -> None:
        """Take in the reward of the chosen model."""
        context = np.append(1.0, shares) / self._noise
        self._precisions[place] += np.outer(context, context)
        self._pulls[place] += context * reward / self._noise
        reached = self._covariances[place] @ context
        self._covariances[place] -= np.outer(reached, reached) / (1.0 + float(context @ reached))
