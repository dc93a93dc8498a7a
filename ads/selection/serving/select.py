"""Chooses at most one ad: find, climb the ladder, weigh, auction. Pure: no database, no clock, no network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ads.contract import AdRequest
from ads.domain.auction import Bid, run_auction
from ads.selection.core.click_prediction import RatingContext, predict_click_rates
from ads.selection.core.decision import Contender, Decision
from ads.selection.core.eligibility import (
    CampaignOverrides,
    EligibilityStatus,
    StatusCodes,
    are_keywords_off,
    check_eligibility,
)
from ads.selection.core.index import MATCHES, Float32Array, Int64Array, Snapshot
from ads.selection.core.posting_lists import (
    QueryTerms,
    find_posting_lists,
    keep_fully_matched,
    resolve_terms,
    take_most_valuable,
)
from ads.selection.core.relevance import RELEVANCE_THRESHOLD, read_intent, score_relevance
from ads.selection.core.topics import are_topics_blocked, topic_bits

# The most valuable by what is known beforehand are rated for this request; of those who fell, the most
# valuable are kept for explaining.
SHORTLIST, KEPT_INELIGIBLE = 16, 4
# How many keywords a request looks at first and then, before it looks at all.
SEARCH_DEPTHS = (100, 400, 2000)
STATUSES = tuple(EligibilityStatus)
STANDING, NOT_RELEVANT = int(EligibilityStatus.STANDING), int(EligibilityStatus.NOT_RELEVANT)
EXPLORATION_SHARE = 0.05

# What the same person saw today, by campaign.
CountViews = Callable[[Sequence[int]], dict[int, int]]


@dataclass(frozen=True, slots=True)
class ContenderColumns:
    """The best keyword of every ad group that was found: how it fits, where it fell, what it may be worth."""

    keywords: Int64Array
    fits: Float32Array
    statuses: StatusCodes
    worth: NDArray[np.floating]

    def cut(self, rows: Int64Array) -> "ContenderColumns":
        """Return these rows alone."""
        return ContenderColumns(self.keywords[rows], self.fits[rows], self.statuses[rows], self.worth[rows])


def select_ad(
    snapshot: Snapshot,
    request: AdRequest,
    *,
    live: CampaignOverrides,
    count_views: CountViews,
    now: int,
    random: np.random.Generator,
) -> Decision:
    """Return the ad that wins this request, or why none does."""
    if request.sensitivity != "pass" or request.sensitive_classes or are_topics_blocked(request.topics):
        return Decision("sensitive")
    query_terms = resolve_terms(snapshot, request.term_ids)
    field = _find_contenders(snapshot, request, query_terms, live=live, now=now)
    if not len(field.keywords):
        return Decision("no_match")
    is_explored = bool(random.random() < EXPLORATION_SHARE)
    context = RatingContext(request, now, random if is_explored else None)
    contenders = _build_contenders(snapshot, field.cut(_shortlist(field)), live=live, context=context)
    return _run_auction(_apply_frequency_caps(contenders, count_views), is_explored=is_explored)


def _find_contenders(
    snapshot: Snapshot, request: AdRequest, query_terms: QueryTerms, *, live: CampaignOverrides, now: int
) -> ContenderColumns:
    # The most valuable are looked at first, until nothing that is left could reach the shortlist.
    intent, topics = read_intent(snapshot, query_terms), topic_bits(request.topics)
    posting_lists = find_posting_lists(snapshot, query_terms)
    if intent.is_buying:
        order, most = snapshot.keyword_order, snapshot.keyword_worth
    else:
        order, most = snapshot.keyword_order_unasked, snapshot.keyword_worth_unasked
    for count in (*SEARCH_DEPTHS, len(most)):
        opened, most_left = take_most_valuable(posting_lists, order, most, count)
        rows, most_left = _most_valuable(opened, most[opened], count, most_left)
        keywords = keep_fully_matched(snapshot, query_terms, rows)
        fits = score_relevance(snapshot, keywords, intent=intent, topics=topics)
        keywords, fits = _best_of_group(snapshot, keywords, fits, live)
        groups = snapshot.keyword_group[keywords]
        statuses = check_eligibility(snapshot, request, query_terms, keywords, live=live, now=now)
        statuses[(statuses == STANDING) & (fits < RELEVANCE_THRESHOLD)] = NOT_RELEVANT
        campaigns = snapshot.group_campaign[groups]
        limits = np.minimum(snapshot.keyword_bid[keywords] * live.paces[campaigns], live.left[campaigns])
        worth = fits * limits * snapshot.group_rate[groups]
        if len(rows) == len(opened) == posting_lists.count or _is_shortlist_final(
            worth[statuses == STANDING], most_left
        ):
            break
    return ContenderColumns(keywords, fits, statuses, worth)


def _most_valuable(
    opened: Int64Array, most: Float32Array, count: int, most_left: float
) -> tuple[Int64Array, float]:
    if len(opened) <= count:
        return opened, most_left
    least = float(np.partition(most, -count)[-count])
    return opened[most >= least if least > 0 else most > 0], max(least, most_left)


def _is_shortlist_final(worth: NDArray[np.floating], most_left: float) -> bool:
    if not most_left:
        # Nothing else could stand; where nothing stands at all, the rest may tell why.
        return len(worth) > 0
    return len(worth) >= SHORTLIST and float(np.partition(worth, -SHORTLIST)[-SHORTLIST]) >= most_left


def _shortlist(field: ContenderColumns) -> Int64Array:
    order = np.argsort(-field.worth, kind="stable")
    standing = field.statuses[order] == STANDING
    return np.concatenate([order[standing][:SHORTLIST], order[~standing][:KEPT_INELIGIBLE]])


def _best_of_group(
    snapshot: Snapshot, keywords: Int64Array, fits: Float32Array, live: CampaignOverrides
) -> tuple[Int64Array, Float32Array]:
    groups = snapshot.keyword_group[keywords]
    # What is off or too far off stands for its group only where nothing better does.
    is_last = fits < RELEVANCE_THRESHOLD
    if len(live.keywords_off):
        is_last |= are_keywords_off(snapshot, keywords, live)
    order = np.lexsort((keywords, -fits * snapshot.keyword_bid[keywords], is_last, groups))
    ordered = groups[order]
    is_first = np.ones(len(order), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=is_first[1:])
    chosen = order[is_first]
    return keywords[chosen], fits[chosen]


def _build_contenders(
    snapshot: Snapshot, field: ContenderColumns, *, live: CampaignOverrides, context: RatingContext
) -> list[Contender]:
    keywords, fits = field.keywords, field.fits
    groups = snapshot.keyword_group[keywords]
    campaigns = snapshot.group_campaign[groups]
    rating = predict_click_rates(snapshot, keywords, fits, context=context)
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
        (STATUSES[rung] for rung in field.statuses.tolist()),
        strict=True,
    )
    return [Contender(*column) for column in columns]


def _apply_frequency_caps(contenders: list[Contender], count_views: CountViews) -> list[Contender]:
    standing = sorted({contender.campaign for contender in contenders if contender.rung == STANDING})
    seen = count_views(standing) if standing else {}
    if not seen:
        return contenders
    return [
        contender.with_status(EligibilityStatus.SEEN_OFTEN)
        if contender.rung == STANDING and seen.get(contender.campaign, 0) >= contender.views_a_person
        else contender
        for contender in contenders
    ]


def _run_auction(contenders: list[Contender], *, is_explored: bool) -> Decision:
    bids = [
        Bid(place, one.advertiser, one.limit_micros, one.reserve_micros, one.quality)
        for place, one in enumerate(contenders)
        if one.rung == STANDING
    ]
    if not bids:
        return Decision(_no_ad_reason(contenders), tuple(contenders))
    sales = run_auction(bids)
    final = list(contenders)
    for bid in bids:
        rung = (
            EligibilityStatus.OUTBID
            if bid.limit_micros >= bid.reserve_micros
            else EligibilityStatus.BELOW_RESERVE
        )
        final[bid.order] = contenders[bid.order].with_status(rung)
    if not sales:
        return Decision("below_threshold", tuple(final))
    place = sales[0].bid.order
    winner = final[place] = contenders[place].with_status(EligibilityStatus.WON)
    return Decision("", tuple(final), winner=winner, sale=sales[0], is_explored=is_explored)


# From the rung that came closest to winning: a person who asks why no ad came gets the most telling reason.
NO_AD_REASON_BY_STATUS = (
    (EligibilityStatus.SEEN_OFTEN, "frequency"),
    (EligibilityStatus.NO_BUDGET, "no_budget"),
    (EligibilityStatus.NOT_RELEVANT, "below_threshold"),
)


def _no_ad_reason(contenders: list[Contender]) -> str:
    statuses = {contender.rung for contender in contenders}
    return next((reason for rung, reason in NO_AD_REASON_BY_STATUS if rung in statuses), "no_match")
