"""Chooses at most one ad: find, climb the ladder, weigh, auction. Pure: no database, no clock, no network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ads.contract import AdRequest
from ads.selection.auction import Bid, hold_auction
from ads.selection.decision import Contender, Decision
from ads.selection.eligibility import LiveStates, Rung, Rungs, are_off, climb
from ads.selection.finding import Finding, find_shelves, find_terms, keep_held, take_first
from ads.selection.index import MATCHES, Ints, Reals, Snapshot
from ads.selection.rating import Moment, rate_ads
from ads.selection.relevance import THRESHOLD, read_purpose, relevance_of
from ads.selection.topics import denies_topics, topic_bits

# The most valuable by what is known beforehand are rated for this request; of those who fell, the most
# valuable are kept for explaining.
SHORTLIST, FALLEN = 16, 4
# How many keywords a request looks at first and then, before it looks at all.
FIRST_LOOKS = (100, 400, 2000)
RUNGS = tuple(Rung)
STANDING, NOT_RELEVANT = int(Rung.STANDING), int(Rung.NOT_RELEVANT)
EXPLORED_SHARE = 0.05

# What the same person saw today, by campaign.
CountViews = Callable[[Sequence[int]], dict[int, int]]


@dataclass(frozen=True, slots=True)
class Field:
    """The best keyword of every ad group that was found: how it fits, where it fell, what it may be worth."""

    keywords: Ints
    fits: Reals
    rungs: Rungs
    worth: NDArray[np.floating]

    def cut(self, rows: Ints) -> "Field":
        """Return these rows alone."""
        return Field(self.keywords[rows], self.fits[rows], self.rungs[rows], self.worth[rows])


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
    field = _gather(snapshot, request, finding, live=live, now=now)
    if not len(field.keywords):
        return Decision("no_match")
    is_explored = bool(random.random() < EXPLORED_SHARE)
    moment = Moment(request, now, random if is_explored else None)
    contenders = _line_up(snapshot, field.cut(_shortlist(field)), live=live, moment=moment)
    return _sell(_cap_views(contenders, count_views), is_explored=is_explored)


def _gather(snapshot: Snapshot, request: AdRequest, finding: Finding, *, live: LiveStates, now: int) -> Field:
    # The most valuable are looked at first, until nothing that is left could reach the shortlist.
    purpose, topics = read_purpose(snapshot, finding), topic_bits(request.topics)
    shelves = find_shelves(snapshot, finding)
    if purpose.is_buying:
        order, most = snapshot.keyword_order, snapshot.keyword_worth
    else:
        order, most = snapshot.keyword_order_unasked, snapshot.keyword_worth_unasked
    for count in (*FIRST_LOOKS, len(most)):
        opened, most_left = take_first(shelves, order, most, count)
        rows, most_left = _most_valuable(opened, most[opened], count, most_left)
        keywords = keep_held(snapshot, finding, rows)
        fits = relevance_of(snapshot, keywords, purpose=purpose, topics=topics)
        keywords, fits = _best_of_group(snapshot, keywords, fits, live)
        groups = snapshot.keyword_group[keywords]
        rungs = climb(snapshot, request, finding, keywords, live=live, now=now)
        rungs[(rungs == STANDING) & (fits < THRESHOLD)] = NOT_RELEVANT
        campaigns = snapshot.group_campaign[groups]
        limits = np.minimum(snapshot.keyword_bid[keywords] * live.paces[campaigns], live.left[campaigns])
        worth = fits * limits * snapshot.group_rate[groups]
        if len(rows) == len(opened) == shelves.count or _are_enough(worth[rungs == STANDING], most_left):
            break
    return Field(keywords, fits, rungs, worth)


def _most_valuable(opened: Ints, most: Reals, count: int, most_left: float) -> tuple[Ints, float]:
    if len(opened) <= count:
        return opened, most_left
    least = float(np.partition(most, -count)[-count])
    return opened[most >= least if least > 0 else most > 0], max(least, most_left)


def _are_enough(worth: NDArray[np.floating], most_left: float) -> bool:
    if not most_left:
        # Nothing else could stand; where nothing stands at all, the rest may tell why.
        return len(worth) > 0
    return len(worth) >= SHORTLIST and float(np.partition(worth, -SHORTLIST)[-SHORTLIST]) >= most_left


def _shortlist(field: Field) -> Ints:
    order = np.argsort(-field.worth, kind="stable")
    standing = field.rungs[order] == STANDING
    return np.concatenate([order[standing][:SHORTLIST], order[~standing][:FALLEN]])


def _best_of_group(snapshot: Snapshot, keywords: Ints, fits: Reals, live: LiveStates) -> tuple[Ints, Reals]:
    groups = snapshot.keyword_group[keywords]
    # What is off or too far off stands for its group only where nothing better does.
    is_last = fits < THRESHOLD
    if len(live.keywords_off):
        is_last |= are_off(snapshot, keywords, live)
    order = np.lexsort((keywords, -fits * snapshot.keyword_bid[keywords], is_last, groups))
    ordered = groups[order]
    is_first = np.ones(len(order), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=is_first[1:])
    chosen = order[is_first]
    return keywords[chosen], fits[chosen]


def _line_up(snapshot: Snapshot, field: Field, *, live: LiveStates, moment: Moment) -> list[Contender]:
    keywords, fits = field.keywords, field.fits
    groups = snapshot.keyword_group[keywords]
    campaigns = snapshot.group_campaign[groups]
    rating = rate_ads(snapshot, keywords, fits, moment=moment)
    columns = zip(
        snapshot.group_ids[groups].tolist(),
        snapshot.campaign_ids[campaigns].tolist(),
        snapshot.campaign_advertiser[campaigns].tolist(),
        snapshot.creative_ids[rating.creatives].tolist(),
        snapshot.keyword_ids[keywords].tolist(),
        snapshot.words_of(snapshot.keyword_terms[keywords]),
        (MATCHES[match] for match in snapshot.keyword_match[keywords].tolist()),
        snapshot.keyword_bid[keywords].tolist(),
        live.paces[campaigns].tolist(),
        live.left[campaigns].tolist(),
        snapshot.campaign_reserve[campaigns].tolist(),
        fits.tolist(),
        rating.rates.tolist(),
        snapshot.campaign_views_a_person[campaigns].tolist(),
        rating.smoothed.tolist(),
        rating.sources,
        snapshot.campaign_category[campaigns].tolist(),
        (RUNGS[rung] for rung in field.rungs.tolist()),
        strict=True,
    )
    return [Contender(*column) for column in columns]


def _cap_views(contenders: list[Contender], count_views: CountViews) -> list[Contender]:
    standing = sorted({contender.campaign for contender in contenders if contender.rung == STANDING})
    seen = count_views(standing) if standing else {}
    if not seen:
        return contenders
    return [
        contender.ending(Rung.SEEN_OFTEN)
        if contender.rung == STANDING and seen.get(contender.campaign, 0) >= contender.views_a_person
        else contender
        for contender in contenders
    ]


def _sell(contenders: list[Contender], *, is_explored: bool) -> Decision:
    bids = [
        Bid(place, one.advertiser, one.limit_micros, one.reserve_micros, one.quality)
        for place, one in enumerate(contenders)
        if one.rung == STANDING
    ]
    if not bids:
        return Decision(_why_none(contenders), tuple(contenders))
    sales = hold_auction(bids)
    ended = list(contenders)
    for bid in bids:
        rung = Rung.OUTBID if bid.limit_micros >= bid.reserve_micros else Rung.BELOW_RESERVE
        ended[bid.order] = contenders[bid.order].ending(rung)
    if not sales:
        return Decision("below_threshold", tuple(ended))
    place = sales[0].bid.order
    winner = ended[place] = contenders[place].ending(Rung.WON)
    return Decision("", tuple(ended), winner=winner, sale=sales[0], is_explored=is_explored)


# From the rung that came closest to winning: a person who asks why no ad came gets the most telling reason.
REASONS = (
    (Rung.SEEN_OFTEN, "frequency"),
    (Rung.NO_BUDGET, "no_budget"),
    (Rung.NOT_RELEVANT, "below_threshold"),
)


def _why_none(contenders: list[Contender]) -> str:
    rungs = {contender.rung for contender in contenders}
    return next((reason for rung, reason in REASONS if rung in rungs), "no_match")
