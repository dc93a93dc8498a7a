"""Explores models by Thompson sampling (Chapelle & Li, 2011) and logs the propensity of each choice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from aggregator.catalog.catalog import LanguageModel
from aggregator.domain.logistic import logit
from aggregator.pipeline.routing.plan_options import answer_cost_micros
from aggregator.pipeline.routing.prompt_topics import HIGH_STAKES

Numbers = NDArray[np.float64]
# A new model is explored until it was shown this often, whatever its estimated skill is.
MIN_EXPOSURES = 200
EXPLORATION_SCALE = 0.5
_SAMPLES = 200
_UNKNOWN_DEVIATION = 0.6
_TYPICAL_TOKENS = 500


@dataclass(frozen=True, slots=True)
class Exploration:
    """A panel, the explored model in it (a slug or empty), and the propensity of each slot.

    `is_new` is whether the explored model was shown too rarely to know it.
    """

    panel: tuple[str, ...]
    chosen: str
    propensities: dict[str, float]
    is_new: bool = False


@dataclass(slots=True)
class Explorer:
    """How often and among which models to explore.

    `share` is the probability of exploring; `beliefs` hold each model's skill as (mean, standard deviation)
    in log-odds; `exposures` count how often each model was shown.
    """

    share: float
    rng: np.random.Generator
    beliefs: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    exposures: Mapping[str, int] = field(default_factory=dict)
    max_cost_micros: int = 0

    def explore_panel(
        self, panel: tuple[str, ...], left_out: Sequence[LanguageModel], topic: str, slots: int
    ) -> Exploration | None:
        """Give the last slot, or a free one, to a sampled model; None where exploration is not allowed."""
        affordable = [
            model
            for model in left_out
            if answer_cost_micros(model, _TYPICAL_TOKENS, _TYPICAL_TOKENS) <= self.max_cost_micros
        ]
        if topic in HIGH_STAKES or not affordable or self.share <= 0:
            return None
        fresh = [model for model in affordable if self.exposures.get(model.slug, 0) < MIN_EXPOSURES]
        pool = fresh or affordable
        means, deviations = self._read_beliefs(pool)
        kept = panel if len(panel) < slots else panel[:-1]
        last = panel[len(kept) :]
        if self.rng.random() >= self.share:
            return Exploration(panel, "", {**dict.fromkeys(kept, 1.0), **dict.fromkeys(last, 1 - self.share)})
        index = sample_choice(means, deviations, self.rng)
        probability = float(estimate_choice_probabilities(means, deviations, self.rng)[index])
        chosen = pool[index].slug
        propensity = round(self.share * max(probability, 1 / _SAMPLES), 4)
        propensities = {**dict.fromkeys(kept, 1.0), chosen: propensity}
        return Exploration((*kept, chosen), chosen, propensities, is_new=bool(fresh))

    def _read_beliefs(self, pool: Sequence[LanguageModel]) -> tuple[Numbers, Numbers]:
        known = [self.beliefs.get(model.slug, (logit(model.standing), _UNKNOWN_DEVIATION)) for model in pool]
        return np.array([mean for mean, _ in known]), np.array([deviation for _, deviation in known])


def sample_choice(means: Numbers, deviations: Numbers, rng: np.random.Generator) -> int:
    """Return the index of the largest of one normal sample per model; both arrays have shape (models,)."""
    return int(np.argmax(means + EXPLORATION_SCALE * deviations * rng.standard_normal(len(means))))


def estimate_choice_probabilities(
    means: Numbers, deviations: Numbers, rng: np.random.Generator, samples: int = _SAMPLES
) -> Numbers:
    """Return how often `sample_choice` would choose each model, shape (models,), by simulation."""
    scores = means + EXPLORATION_SCALE * deviations * rng.standard_normal((samples, len(means)))
    return np.bincount(scores.argmax(axis=1), minlength=len(means)) / samples
