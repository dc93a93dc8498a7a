"""Chooses at most one ad: find, climb the ladder, weigh, auction. Pure: no database, no clock, no network."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ads.contract import AdRequest
from ads.selection.auction import Bid, hold_auction
from ads.selection.decision import Contender, Decision
from ads.selection.eligibility import LiveStates, Rung, Rungs, climb
from ads.selection.index import MATCHES, Ints, Reals, Snapshot, find_keywords, find_terms
from ads.selection.rating import Moment, rate_ads
from ads.selection.relevance import THRESHOLD, read_purpose, relevance_of
from ads.selection.topics import denies_topics, topic_bits

# The most valuable by what is known beforehand are rated for this request; of those who fell, the most
# valuable are kept for explaining.
SHORTLIST, FALLEN = 20, 8
RUNGS = tuple(Rung)
EXPLORED_SHARE = 0.05

# What the same person saw today, by campaign.
CountViews = Callable[[Sequence[int]], dict[int, int]]


def choose(
    snapshot: Snapshot,
    request: AdRequest,
    *,
    live: LiveStates,
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
    paces = live.paces[snapshot.group_campaign[groups]]
    rows = _shortlist(snapshot, keywords, fits * paces, rungs)
    moment = Moment(request, now, random if is_explored else None)
    contenders = _line_up(snapshot, keywords[rows], fits[rows], rungs[rows], live=live, moment=moment)
    return _sell(_cap_views(contenders, count_views), is_explored=is_explored)


def _shortlist(snapshot: Snapshot, keywords: Ints, fits: Reals, rungs: Rungs) -> Ints:
    worth = fits * snapshot.keyword_bid[keywords] * snapshot.group_rate[snapshot.keyword_group[keywords]]
    standing = rungs == Rung.STANDING
    first = _top(np.where(standing, worth, -1.0), SHORTLIST)
    fallen = _top(np.where(standing, -1.0, worth), FALLEN)
    return np.concatenate([first[standing[first]], fallen[~standing[fallen]]])


def _top(worth: NDArray[np.floating], count: int) -> NDArray[np.intp]:
    if len(worth) > count:
        best = np.argpartition(-worth, count)[:count]
        return best[np.lexsort((best, -worth[best]))]
    return np.argsort(-worth, kind="stable")


def _best_of_group(snapshot: Snapshot, keywords: Ints, fits: Reals) -> tuple[Ints, Reals]:
    groups = snapshot.keyword_group[keywords]
    worth = fits * snapshot.keyword_bid[keywords]
    order = np.argsort(-worth, kind="stable")
    _, first = np.unique(groups[order], return_index=True)
    chosen = order[first]
    return keywords[chosen], fits[chosen]


def _line_up(
    snapshot: Snapshot, keywords: Ints, fits: Reals, rungs: Rungs, *, live: LiveStates, moment: Moment
) -> list[Contender]:
    groups = snapshot.keyword_group[keywords]
    campaigns = snapshot.group_campaign[groups]
    rating = rate_ads(snapshot, keywords, fits, moment=moment)
    columns = zip(
        snapshot.group_ids[groups].tolist(),
        snapshot.campaign_ids[campaigns].tolist(),
        snapshot.campaign_advertiser[campaigns].tolist(),
        snapshot.creative_ids[rating.creatives].tolist(),
        snapshot.keyword_ids[keywords].tolist(),
        map(snapshot.term_text, snapshot.keyword_terms[keywords].tolist()),
        (MATCHES[match] for match in snapshot.keyword_match[keywords].tolist()),
        snapshot.keyword_bid[keywords].tolist(),
        live.paces[campaigns].tolist(),
        snapshot.campaign_reserve[campaigns].tolist(),
        fits.tolist(),
        rating.rates.tolist(),
        snapshot.campaign_views_a_person[campaigns].tolist(),
        (RUNGS[rung] for rung in rungs.tolist()),
        rating.smoothed.tolist(),
        rating.sources,
        snapshot.campaign_category[campaigns].tolist(),
        strict=True,
    )
    return [Contender(*column) for column in columns]


def _cap_views(contenders: list[Contender], count_views: CountViews) -> list[Contender]:
    standing = sorted({contender.campaign for contender in contenders if contender.rung == Rung.STANDING})
    seen = count_views(standing) if standing else {}
    if not seen:
        return contenders
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
