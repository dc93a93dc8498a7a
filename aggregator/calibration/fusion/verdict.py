"""Decides from judged pairs whether a model's fused answers are no worse than the best candidate."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from aggregator.calibration.fusion.judge_checks import PairScore

NOT_WORSE, WORSE, UNCLEAR = "not_worse", "worse", "unclear"
MIN_PAIRS = 20
# Fused answers may lose this much more often than they win, as they are read in place of several.
MARGIN = 0.1
# More replies without a verdict say nothing about the answers, though each counts as a tie.
MAX_UNREADABLE = 0.2
_Z = 1.96


@dataclass(frozen=True, slots=True)
class FusionVerdict:
    """How often fused answers win (a tie is half a win), with the 95 % interval, and what follows.

    Of the pairs, `unreadable` had a reply without a verdict, and `swayed` verdicts that followed the order.
    """

    verdict: str
    share: float
    low: float
    high: float
    pairs: int
    unreadable: int = 0
    swayed: int = 0

    @property
    def may_fuse(self) -> bool | None:
        """Whether the model may fuse, or None where the pairs do not tell."""
        return None if self.verdict == UNCLEAR else self.verdict == NOT_WORSE


def decide_fusion(pairs: Sequence[PairScore]) -> FusionVerdict:
    """Decide from the score of each pair: 1 where the fused answer is better in both orders, 0 where worse.

    The interval is Wilson's, which is wide enough for scores between 0 and 1.
    """
    count = len(pairs)
    if not count:
        return FusionVerdict(UNCLEAR, 0.5, 0.0, 1.0, 0)
    share = sum(pair.score for pair in pairs) / count
    unreadable = sum(pair.is_unreadable for pair in pairs)
    spread = _Z * sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    low, high = ((share + _Z**2 / (2 * count) + sign * spread) / (1 + _Z**2 / count) for sign in (-1, 1))
    verdict = UNCLEAR
    if count >= MIN_PAIRS and unreadable <= MAX_UNREADABLE * count:
        verdict = WORSE if high < 0.5 else NOT_WORSE if low >= 0.5 - MARGIN else UNCLEAR
    bounds = min(share, max(0.0, low)), max(share, min(1.0, high))
    return FusionVerdict(verdict, share, *bounds, count, unreadable, sum(pair.is_swayed for pair in pairs))
