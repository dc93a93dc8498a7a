"""The outcome of one request: every contender with its status, and the sale if there is one."""

from dataclasses import dataclass
from enum import IntEnum, auto
from typing import NamedTuple

from ads.domain.auction import Sale, floor_tick


class EligibilityStatus(IntEnum):
    """ELIGIBLE, or the first check or auction rule that failed, in the order of checking.

    Member names are stored in traces, in lower case; ELIGIBLE as "standing".
    """

    ELIGIBLE = 0
    PAUSED = auto()
    KEYWORD_OFF = auto()
    OUT_OF_SCHEDULE = auto()
    OTHER_LANGUAGE = auto()
    OTHER_DEVICE = auto()
    NEGATIVE_KEYWORD = auto()
    NO_BUDGET = auto()
    NO_INTENT = auto()
    NOT_RELEVANT = auto()
    SEEN_OFTEN = auto()
    BELOW_RESERVE = auto()
    OUTBID = auto()
    WON = auto()


class Contender(NamedTuple):
    """One ad group in one auction.

    A tuple rather than a frozen dataclass: each request creates dozens, and a tuple is several times faster.
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
    # The campaign's remaining money today; UNLIMITED_MICROS where it exceeds the bid.
    left_micros: int
    reserve_micros: int
    relevance: float
    click_rate: float
    views_a_person: int
    # The empirical-Bayes rate without the click model, and where `click_rate` comes from.
    smoothed_rate: float
    rate_source: str
    category: int
    status: EligibilityStatus

    def with_status(self, status: EligibilityStatus) -> "Contender":
        """Return the same contender with another status."""
        return Contender(*self[:-1], status)

    @property
    def limit_micros(self) -> int:
        """The highest price it can pay: the paced bid, limited by the campaign's remaining money."""
        return floor_tick(min(self.bid_micros * self.pace, self.left_micros))

    @property
    def quality(self) -> float:
        """The weight of its bid: click rate × relevance."""
        return self.click_rate * self.relevance

    @property
    def score(self) -> float:
        """The rank score: limit × quality."""
        return self.limit_micros * self.quality


@dataclass(frozen=True, slots=True)
class Decision:
    """The winner and its sale, or the reason why there is none."""

    reason: str
    contenders: tuple[Contender, ...] = ()
    winner: Contender | None = None
    sale: Sale | None = None
    is_explored: bool = False
