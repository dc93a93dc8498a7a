"""Whether an ad may stand beside a prompt, by its intent; what that does to relevance and reserve. Pure.

Probabilities are whole percent, as in `ads.contract`.
"""

from dataclasses import dataclass
from functools import cache

from ads.contract import MAX_PERCENT, UNKNOWN_PERCENT
from ads.domain.auction import floor_tick
from language.intent import commercial_threshold, work_threshold

# How much of the relevance rests on the intent.
_INTENT_SHARE = 0.5
# Keeps the reserve within bounds where the operator lets doubtful prompts through.
_LEAST_PROBABILITY = 0.25


@dataclass(frozen=True, slots=True)
class IntentLimits:
    """The least probability of commercial intent, and the highest one of work, in percent."""

    least_intent: int
    most_work: int

    def allow(self, intent_percent: int, work_percent: int) -> bool:
        """Return whether an ad may stand beside a prompt; one of unknown intent is let through."""
        is_wanted = intent_percent >= self.least_intent or intent_percent == UNKNOWN_PERCENT
        return is_wanted and work_percent <= self.most_work


UNLIMITED = IntentLimits(least_intent=0, most_work=MAX_PERCENT)


@cache
def find_limits(noncommercial_share: int, missed_share: int) -> IntentLimits:
    """Return the limits under which ads stand beside at most `noncommercial_share` % of other prompts.

    At most `missed_share` % of commercial prompts lose their ad because they look like work. Both shares are
    of writers whom the head was not fitted on (`language.training.fit_intent`).
    """
    least, most = commercial_threshold(noncommercial_share), work_threshold(missed_share)
    return IntentLimits(least_intent=int(100 * least) + 1, most_work=int(100 * most))


def weigh_relevance(intent_percent: int) -> float:
    """Return the factor of relevance, 1 where a commercial intent is certain or unknown."""
    return 1 - _INTENT_SHARE * _doubt(intent_percent)


def raise_reserve(reserve_micros: int, intent_percent: int) -> int:
    """Return the reserve beside a prompt of this intent: the lower the probability, the more an ad must pay.

    An ad that may interrupt has to be worth as much, in expectation, as one that is wanted.
    """
    return floor_tick(reserve_micros / max(_LEAST_PROBABILITY, 1 - _doubt(intent_percent)))


def _doubt(intent_percent: int) -> float:
    return 0.0 if intent_percent == UNKNOWN_PERCENT else 1 - intent_percent / MAX_PERCENT
