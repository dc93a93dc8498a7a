"""The learned verdict of an answer to a yes/no question: that it affirms, denies, or gives none."""

import gzip
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from aggregator.pipeline.agreement.readers.verdict_cues import Cues

WEIGHTS = Path(__file__).with_name("verdicts.json.gz")
# How surely two answers of one verdict say the same; answers without a verdict may differ in why.
SAME_IF_AFFIRMED, SAME_IF_OPEN, SAME_OTHERWISE = 0.97, 0.8, 0.02
_LIMIT = 30.0
Weights = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The probabilities that an answer affirms what is asked, and that it denies it."""

    affirms: float
    denies: float

    @property
    def is_open(self) -> float:
        """Return the probability that the answer gives no verdict."""
        return 1 - self.affirms - self.denies

    def match(self, other: "Verdict") -> float:
        """Return the probability that two answers give the same verdict."""
        agreed = self.affirms * other.affirms + self.denies * other.denies
        return SAME_OTHERWISE + SAME_IF_AFFIRMED * agreed + SAME_IF_OPEN * self.is_open * other.is_open


NO_VERDICT = Verdict(0.0, 0.0)


@cache
def load_verdict_weights() -> tuple[Weights, Weights]:
    """Return the weights of the signed cues, and those of giving no verdict."""
    document = json.loads(gzip.decompress(WEIGHTS.read_bytes()))
    return document["direction"], document["open"]


def _score(weights: Weights, cues: Cues) -> float:
    total = sum(weights.get(name, 0.0) * cue for name, cue in cues.items())
    return 1 / (1 + math.exp(-min(_LIMIT, max(-_LIMIT, total))))


def judge_verdict(direction: Cues, openness: Cues) -> Verdict:
    """Return the verdict that the cues of an answer give."""
    signed, unsigned = load_verdict_weights()
    is_open = _score(unsigned, openness)
    affirms = _score(signed, {name: 2 * cue for name, cue in direction.items()})
    return Verdict((1 - is_open) * affirms, (1 - is_open) * (1 - affirms))
