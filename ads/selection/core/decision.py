"""What an auction ended with: every contender, the rung where it fell, and the sale if there was one."""

from dataclasses import dataclass
from typing import NamedTuple

from ads.domain.auction import Sale, floor_tick
from ads.selection.core.eligibility import EligibilityStatus


class Contender(NamedTuple):
    """One ad group in one auction, and the rung of the ladder where it ended.

    A tuple and no frozen dataclass: each request makes dozens, and a tuple is made several times as fast.
    """

    group: int
    campaign: int
    advertiser: int
    creative: int
    keyword: int
    term: str
    match: str
    bid_micros: int
    pace: float
    # What its campaign can still pay today; PLENTY where that is more than it bids.
    left_micros: int
    reserve_micros: int
    relevance: float
    click_rate: float
    views_a_person: int
    # What smoothing alone says, and where the click rate above comes from.
    smoothed_rate: float
    rate_source: str
    category: int
    rung: EligibilityStatus

    def with_status(self, rung: EligibilityStatus) -> "Contender":
        """Return the same contender on another rung."""
        return Contender(*self[:-1], rung)

    @property
    def limit_micros(self) -> int:
        """The most it pays for a click: its bid after pacing, and never more than it has."""
        return floor_tick(min(self.bid_micros * self.pace, self.left_micros))

    @property
    def quality(self) -> float:
        """What its bid is weighed by."""
        return self.click_rate * self.relevance

    @property
    def score(self) -> float:
        """What it is ranked by."""
        return self.limit_micros * self.quality


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of one request: the winner and its sale, or the reason why there is none."""

    reason: str
    contenders: tuple[Contender, ...] = ()
    winner: Contender | None = None
    sale: Sale | None = None
    is_explored: bool = False
