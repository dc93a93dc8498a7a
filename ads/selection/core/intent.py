"""Whether an ad may stand beside a prompt, by its intent; what that does to relevance and reserve. Pure.

Probabilities are whole percent, as in `ads.contract`.
"""

from dataclasses import dataclass
from functools import cache

from ads.contract import UNKNOWN_PERCENT
from ads.domain.auction import ceil_tick
from language.intent import commercial_threshold, work_threshold

# How much of the relevance rests on the intent.
_INTENT_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class IntentLimits:
    """The least probability of commercial intent, and the highest one of work, in percent."""

    least_intent: int
    most_work: int

    def allow(self, intent_percent: int, work_percent: int) -> bool:
        """Return whether an ad may stand beside a prompt; one of unknown intent is let through."""
        return (
            intent_percent >= self.least_intent or intent_percent == UNKNOWN_PERCENT
        ) and work_percent <= self.most_work

    def resolve(self, intent_percent: int) -> int:
        """Return the probability of an intent, which is the least that is let through if it is unknown."""
        return self.least_intent if intent_percent == UNKNOWN_PERCENT else intent_percent


@cache
def find_limits(noncommercial_share: int, missed_share: int) -> IntentLimits:
    """Return the limits under which ads stand beside at most `noncommercial_share` % of other prompts.

    At most `missed_share` % of commercial prompts lose their ad because they look like work. Both shares are
    of writers whom the head was not fitted on (`language.training.fit_intent`).
    """
    least, most = commercial_threshold(noncommercial_share), work_threshold(missed_share)
    return IntentLimits(least_intent=int(100 * least) + 1, most_work=int(100 * most))


def weigh_relevance(intent_percent: int) -> float:
    """Return the factor of relevance, 1 where a commercial intent is certain."""
    return 1 - _INTENT_SHARE * (1 - intent_percent / 100)


def raise_reserve(reserve_micros: int, intent_percent: int) -> int:
    """Return the reserve beside a prompt of this intent: the lower the probability, the more an ad must pay.

    An ad that may interrupt has to be worth as much, in expectation, as one that is wanted.
    """
    return ceil_tick(round(100 * reserve_micros / max(1, intent_percent)))
