"""Decides from judged pairs whether a model's fused answers are no worse than the best candidate."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

NOT_WORSE, WORSE, UNCLEAR = "not_worse", "worse", "unclear"
MIN_PAIRS = 20
# Fused answers may lose this much more often than they win, as they are read in place of several.
MARGIN = 0.1
_Z = 1.96


@dataclass(frozen=True, slots=True)
class FusionVerdict:
    """How often fused answers win (a tie is half a win), with the 95 % interval, and what follows."""

    verdict: str
    share: float
    low: float
    high: float
    pairs: int

    @property
    def may_fuse(self) -> bool | None:
        """Whether the model may fuse, or None where the pairs do not tell."""
        return None if self.verdict == UNCLEAR else self.verdict == NOT_WORSE


def decide_fusion(scores: Sequence[float]) -> FusionVerdict:
    """Decide from the score of each pair: 1 where the fused answer is better in both orders, 0 where worse.

    The interval is Wilson's, which is wide enough for scores between 0 and 1.
    """
    count = len(scores)
    if not count:
        return FusionVerdict(UNCLEAR, 0.5, 0.0, 1.0, 0)
    share = sum(scores) / count
    spread = _Z * sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    low, high = ((share + _Z**2 / (2 * count) + sign * spread) / (1 + _Z**2 / count) for sign in (-1, 1))
    verdict = UNCLEAR
    if count >= MIN_PAIRS and high < 0.5:
        verdict = WORSE
    elif count >= MIN_PAIRS and low >= 0.5 - MARGIN:
        verdict = NOT_WORSE
    return FusionVerdict(verdict, share, min(share, max(0.0, low)), max(share, min(1.0, high)), count)
