"""Give a slot to a model that may be better than thought, now and then, and log how likely that was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log

import numpy as np

from aggregator.catalog.catalog import LanguageModel
from aggregator.pipeline.routing.prompt_topics import HIGH_STAKES
from aggregator.pipeline.routing.thompson_sampling import (
    Numbers,
    estimate_choice_probabilities,
    sample_choice,
)

# A new model is shown so often whatever it is believed to be, so that there is something to believe.
MIN_EXPOSURES = 200
_UNKNOWN_DEVIATION = 0.6


@dataclass(frozen=True, slots=True)
class Exploration:
    """A panel in which a slot may have gone to a model on trial; `propensities` are those of each slot."""

    panel: tuple[str, ...]
    drawn: str
    propensities: dict[str, float]


@dataclass(slots=True)
class Explorer:
    """Who is believed to be how good, give or take how much, and how often each was shown."""

    share: float
    rng: np.random.Generator
    beliefs: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    exposures: Mapping[str, int] = field(default_factory=dict)
    max_cost_micros: int = 0

    def explore_panel(
        self, panel: tuple[str, ...], left_out: Sequence[LanguageModel], topic: str, slots: int
    ) -> Exploration | None:
        """Put a drawn model into the last slot or a free one; None where nobody can be or may be tried."""
        able = [model for model in left_out if self._costs(model) <= self.max_cost_micros]
        if topic in HIGH_STAKES or not able or self.share <= 0:
            return None
        fresh = [model for model in able if self.exposures.get(model.slug, 0) < MIN_EXPOSURES]
        pool = fresh or able
        means, doubts = self._believe(pool)
        seated = panel if len(panel) < slots else panel[:-1]
        last = panel[len(seated) :]
        if self.rng.random() >= self.share:
            return Exploration(
                panel, "", {**dict.fromkeys(seated, 1.0), **dict.fromkeys(last, 1 - self.share)}
            )
        place = sample_choice(means, doubts, self.rng)
        chance = float(estimate_choice_probabilities(means, doubts, self.rng)[place])
        drawn = pool[place].slug
        propensity = round(self.share * max(chance, 1 / 200), 4)
        return Exploration((*seated, drawn), drawn, {**dict.fromkeys(seated, 1.0), drawn: propensity})

    def _believe(self, pool: Sequence[LanguageModel]) -> tuple[Numbers, Numbers]:
        known = [self.beliefs.get(model.slug, _prior(model)) for model in pool]
        return np.array([mean for mean, _ in known]), np.array([doubt for _, doubt in known])

    def _costs(self, model: LanguageModel) -> int:
        return 500 * (model.input_price_micros + model.output_price_micros)


def _prior(model: LanguageModel) -> tuple[float, float]:
    chance = min(0.98, max(0.02, model.standing))
    return log(chance / (1 - chance)), _UNKNOWN_DEVIATION
