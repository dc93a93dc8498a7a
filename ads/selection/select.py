"""Chooses at most one ad: find, climb the ladder, weigh, auction. Pure: no database, no clock, no network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ads.contract import AdRequest
from ads.money import LEAST_BID
from ads.selection.auction import Bid, Sale, floor_tick, hold_auction
from ads.selection.ctr import EXPLORED_BELOW, draw_rates
from ads.selection.eligibility import LiveBits, Rung, climb
from ads.selection.index import MATCHES, Ints, Reals, Snapshot, find_keywords, find_terms
from ads.selection.relevance import THRESHOLD, read_purpose, relevance_of
from ads.selection.topics import denies_topics, topic_bits

# More contenders than these cannot win a slot; the rest is cut before the costly steps.
SHORTLIST = 64
EXPLORED_SHARE = 0.05

# What the same person saw today, by campaign.
CountViews = Callable[[Sequence[int]], dict[int, int]]


@dataclass(frozen=True, slots=True)
class Contender:
    """One ad group in one auction, and the rung of the ladder where it ended."""

    group: int
    campaign: int
    advertiser: int
    creative: int
    keyword: int
    term: str
    match: str
    bid_micros: int
    pace: float
    reserve_micros: int
    relevance: float
    click_rate: float
    views_a_person: int
    rung: Rung

    @property
    def limit_micros(self) -> int:
        """The most it pays for a click after pacing."""
        return floor_tick(self.bid_micros * self.pace)

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


def choose(
    snapshot: Snapshot,
    request: AdRequest,
    *,
    live: LiveBits,
    count_views: CountViews,
    now: int,
    random: np.random.Generator,
) -> Decision:
    """Return the ad that wins this request, or why none does."""
    if request.sensitivity != "pass" or request.sensitive_classes or denies_topics(request.topics):
        return Decision("sensitive")
    finding = find_terms(snapshot, request.term_ids)
    keywords = find_keywords(snapshot, finding)
    if not len(keywords):
        return Decision("no_match")
    fits = relevance_of(
        snapshot,
        keywords,
        purpose=read_purpose(snapshot, finding),
        topics=topic_bits(request.topics),
    )
    keywords, fits = _best_of_group(snapshot, keywords, fits)
    groups = snapshot.keyword_group[keywords].astype(np.int64)
    rungs = climb(snapshot, request, finding, groups, live=live, now=now)
    rungs[(rungs == Rung.STANDING) & (fits < THRESHOLD)] = Rung.NOT_RELEVANT
    is_explored = bool(random.random() < EXPLORED_SHARE)
    contenders = _line_up(snapshot, keywords, fits, rungs, live=live, random=random if is_explored else None)
    contenders = _cap_views(contenders, count_views)
    return _sell(contenders, is_explored=is_explored)


def _best_of_group(snapshot: Snapshot, keywords: Ints, fits: Reals) -> tuple[Ints, Reals]:
    groups = snapshot.keyword_group[keywords]
    worth = fits * snapshot.keyword_bid[keywords]
    order = np.lexsort((snapshot.keyword_ids[keywords], -worth, groups))
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = groups[order][1:] != groups[order][:-1]
    chosen = order[first]
    return keywords[chosen], fits[chosen]


def _line_up(
    snapshot: Snapshot,
    keywords: Ints,
    fits: Reals,
    rungs: np.typing.NDArray[np.int8],
    *,
    live: LiveBits,
    random: np.random.Generator | None,
) -> list[Contender]:
    worth = fits * snapshot.keyword_bid[keywords] * (rungs == Rung.STANDING)
    order = np.argsort(-worth, kind="stable")[:SHORTLIST]
    paces = dict(live.paces)
    return [
        _contender(snapshot, int(keywords[row]), float(fits[row]), Rung(int(rungs[row])), paces, random)
        for row in order
    ]


def _contender(
    snapshot: Snapshot,
    keyword: int,
    fit: float,
    rung: Rung,
    paces: dict[int, float],
    random: np.random.Generator | None,
) -> Contender:
    group = int(snapshot.keyword_group[keyword])
    campaign = int(snapshot.group_campaign[group])
    creative, rate = _pick_creative(snapshot, group, random)
    campaign_id = int(snapshot.campaign_ids[campaign])
    return Contender(
        group=int(snapshot.group_ids[group]),
        campaign=campaign_id,
        advertiser=int(snapshot.campaign_advertiser[campaign]),
        creative=creative,
        keyword=int(snapshot.keyword_ids[keyword]),
        term=snapshot.term_text(int(snapshot.keyword_terms[keyword])),
        match=MATCHES[int(snapshot.keyword_match[keyword])],
        bid_micros=int(snapshot.keyword_bid[keyword]),
        pace=paces.get(campaign_id, 1.0),
        reserve_micros=max(LEAST_BID, int(snapshot.campaign_reserve[campaign])),
        relevance=fit,
        click_rate=rate,
        views_a_person=int(snapshot.campaign_views_a_person[campaign]),
        rung=rung,
    )


def _pick_creative(snapshot: Snapshot, group: int, random: np.random.Generator | None) -> tuple[int, float]:
    start, stop = snapshot.group_creative_start[group : group + 2]
    rates = snapshot.creative_rates[start:stop]
    views = snapshot.creative_views[start:stop]
    if random is not None and views.min() < EXPLORED_BELOW:
        drawn = draw_rates(rates, views.astype(np.float32), random=random)
        best = int(np.argmax(drawn))
        return int(snapshot.creative_ids[start + best]), float(drawn[best])
    best = int(np.argmax(rates))
    return int(snapshot.creative_ids[start + best]), float(rates[best])


def _cap_views(contenders: list[Contender], count_views: CountViews) -> list[Contender]:
    standing = sorted({contender.campaign for contender in contenders if contender.rung == Rung.STANDING})
    seen = count_views(standing) if standing else {}
    return [
        replace(contender, rung=Rung.SEEN_OFTEN)
        if contender.rung == Rung.STANDING and seen.get(contender.campaign, 0) >= contender.views_a_person
        else contender
        for contender in contenders
    ]


def _sell(contenders: list[Contender], *, is_explored: bool) -> Decision:
    bids = [
        Bid(
            order=place,
            advertiser=contender.advertiser,
            limit_micros=contender.limit_micros,
            reserve_micros=contender.reserve_micros,
            quality=contender.quality,
        )
        for place, contender in enumerate(contenders)
        if contender.rung == Rung.STANDING
    ]
    if not bids:
        return Decision(_why_none(contenders), tuple(contenders))
    sales = hold_auction(bids)
    reached = {bid.order for bid in bids if bid.limit_micros >= bid.reserve_micros}
    winner = sales[0].bid.order if sales else -1
    ended = tuple(
        replace(contender, rung=_end_of(place, reached, winner))
        if contender.rung == Rung.STANDING
        else contender
        for place, contender in enumerate(contenders)
    )
    if not sales:
        return Decision("below_threshold", ended)
    return Decision("", ended, winner=ended[winner], sale=sales[0], is_explored=is_explored)


def _end_of(place: int, reached: set[int], winner: int) -> Rung:
    if place == winner:
        return Rung.WON
    return Rung.OUTBID if place in reached else Rung.BELOW_RESERVE


# From the rung that came closest to winning: a person who asks why no ad came gets the most telling reason.
REASONS = (
    (Rung.SEEN_OFTEN, "frequency"),
    (Rung.NO_BUDGET, "no_budget"),
    (Rung.NOT_RELEVANT, "below_threshold"),
)


def _why_none(contenders: list[Contender]) -> str:
    rungs = {contender.rung for contender in contenders}
    return next((reason for rung, reason in REASONS if rung in rungs), "no_match")
