"""Selects at most one ad: `find_contenders` retrieves, checks and rates, `decide` caps and sells. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ads.contract import AdRequest
from ads.domain.auction import Bid, run_auction
from ads.selection.core.brand_safety import topic_bits
from ads.selection.core.click_rates import RatingContext, predict_click_rates
from ads.selection.core.decision import Contender, Decision, EligibilityStatus
from ads.selection.core.eligibility import check_eligibility
from ads.selection.core.index import MATCHES, Float32Array, Int64Array, Snapshot
from ads.selection.core.intent import UNLIMITED, IntentLimits, raise_reserve, weigh_relevance
from ads.selection.core.near_terms import find_near_keywords, rate_near_keywords
from ads.selection.core.overrides import CampaignOverrides, StatusCodes, are_keywords_off
from ads.selection.core.posting_lists import (
    QueryTerms,
    find_posting_lists,
    keep_fully_matched,
    resolve_terms,
    take_most_valuable,
)
from ads.selection.core.relevance import RELEVANCE_THRESHOLD, score_relevance

# Contenders that are rated for the request, and ineligible ones kept for the trace.
SHORTLIST, KEPT_INELIGIBLE = 16, 4
# Numbers of keywords to look at, one after another, before all of them.
SEARCH_DEPTHS = (100, 400, 2000)
STATUSES = tuple(EligibilityStatus)
ELIGIBLE, NOT_RELEVANT = int(EligibilityStatus.ELIGIBLE), int(EligibilityStatus.NOT_RELEVANT)
NO_INTENT = int(EligibilityStatus.NO_INTENT)
EXPLORATION_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class ContenderColumns:
    """The best keyword row of each retrieved ad group; all arrays have shape (groups,)."""

    keywords: Int64Array
    fits: Float32Array
    statuses: StatusCodes
    worth: NDArray[np.floating]

    def take(self, rows: Int64Array) -> "ContenderColumns":
        """Return these rows alone."""
        return ContenderColumns(self.keywords[rows], self.fits[rows], self.statuses[rows], self.worth[rows])


@dataclass(frozen=True, slots=True)
class Shortlist:
    """The rated contenders of a request; in an exploration request, new creatives were sampled."""

    contenders: tuple[Contender, ...]
    is_explored: bool = False

    @property
    def campaigns(self) -> list[int]:
        """The ids of campaigns with an eligible contender, to which frequency caps apply."""
        return sorted({one.campaign for one in self.contenders if one.status == ELIGIBLE})


def find_contenders(
    snapshot: Snapshot,
    request: AdRequest,
    *,
    live: CampaignOverrides,
    now: int,
    random: np.random.Generator,
    limits: IntentLimits = UNLIMITED,
) -> Shortlist:
    """Return the shortlist of a request that has passed the sensitivity gate; `now` is a Unix time."""
    query_terms = resolve_terms(snapshot, request.term_ids)
    columns = _retrieve(snapshot, request, query_terms, live=live, now=now, limits=limits)
    if not len(columns.keywords):
        return Shortlist(())
    is_explored = bool(random.random() < EXPLORATION_SHARE)
    context = RatingContext(request, now, random if is_explored else None)
    shortlisted = columns.take(_shortlist(columns))
    return Shortlist(tuple(_build_contenders(snapshot, shortlisted, live=live, context=context)), is_explored)


def decide(shortlist: Shortlist, views: Mapping[int, int]) -> Decision:
    """Return the winner of the auction, or why there is none; `views` are today's, by campaign."""
    contenders = list(shortlist.contenders)
    bids = []
    for place, one in enumerate(contenders):
        if one.status != ELIGIBLE:
            continue
        if views.get(one.campaign, 0) >= one.views_a_person:
            contenders[place] = one.with_status(EligibilityStatus.SEEN_OFTEN)
            continue
        bid = Bid(place, one.advertiser, one.limit_micros, one.reserve_micros, one.quality)
        is_outbid = bid.limit_micros >= bid.reserve_micros
        contenders[place] = one.with_status(
            EligibilityStatus.OUTBID if is_outbid else EligibilityStatus.BELOW_RESERVE
        )
        bids.append(bid)
    if not bids:
        return Decision(_no_ad_reason(contenders), tuple(contenders))
    sale = run_auction(bids)
    if sale is None:
        return Decision("below_threshold", tuple(contenders))
    place = sale.bid.order
    winner = contenders[place] = contenders[place].with_status(EligibilityStatus.WON)
    return Decision("", tuple(contenders), winner=winner, sale=sale, is_explored=shortlist.is_explored)


def _retrieve(
    snapshot: Snapshot,
    request: AdRequest,
    query_terms: QueryTerms,
    *,
    live: CampaignOverrides,
    now: int,
    limits: IntentLimits,
) -> ContenderColumns:
    # Keywords are read in order of value until no remaining one can reach the shortlist.
    intent_weight, topics = weigh_relevance(request.intent_percent), topic_bits(request.topics)
    is_allowed = limits.allow(request.intent_percent, request.work_percent)
    posting_lists = find_posting_lists(snapshot, query_terms)
    near, shares = find_near_keywords(snapshot, request.near)
    near_fits = rate_near_keywords(snapshot, near, shares, intent_weight=intent_weight, topics=topics)
    order, bounds = snapshot.keyword_order, snapshot.keyword_worth
    for depth in (*SEARCH_DEPTHS, len(bounds)):
        opened, remaining_bound = take_most_valuable(posting_lists, order, bounds, depth)
        rows, remaining_bound = _most_valuable(opened, bounds[opened], depth, remaining_bound)
        keywords = keep_fully_matched(snapshot, query_terms, rows)
        fits = score_relevance(snapshot, keywords, intent_weight=intent_weight, topics=topics)
        if len(near):
            keywords, fits = np.concatenate([keywords, near]), np.concatenate([fits, near_fits])
        keywords, fits = _best_of_group(snapshot, keywords, fits, live)
        groups = snapshot.keyword_group[keywords]
        statuses = check_eligibility(snapshot, request, query_terms, keywords, live=live, now=now)
        if not is_allowed:
            statuses[statuses == ELIGIBLE] = NO_INTENT
        statuses[(statuses == ELIGIBLE) & (fits < RELEVANCE_THRESHOLD)] = NOT_RELEVANT
        campaigns = snapshot.group_campaign[groups]
        prices = np.minimum(snapshot.keyword_bid[keywords] * live.paces[campaigns], live.left[campaigns])
        worth = fits * prices * snapshot.group_rate[groups]
        # Beside a prompt without intent nothing is sold: the most valuable keywords explain why.
        if (
            not is_allowed
            or len(rows) == len(opened) == posting_lists.count
            or _is_shortlist_final(worth[statuses == ELIGIBLE], remaining_bound)
        ):
            break
    return ContenderColumns(keywords, fits, statuses, worth)


def _most_valuable(
    opened: Int64Array, bounds: Float32Array, depth: int, remaining_bound: float
) -> tuple[Int64Array, float]:
    if len(opened) <= depth:
        return opened, remaining_bound
    lowest = float(np.partition(bounds, -depth)[-depth])
    kept = opened[bounds >= lowest if lowest > 0 else bounds > 0]
    return kept, max(lowest, remaining_bound)


def _is_shortlist_final(worth: NDArray[np.floating], remaining_bound: float) -> bool:
    if not remaining_bound:
        # Nothing else can be eligible; without an eligible contender, the rest still explains why.
        return len(worth) > 0
    return len(worth) >= SHORTLIST and float(np.partition(worth, -SHORTLIST)[-SHORTLIST]) >= remaining_bound


def _shortlist(columns: ContenderColumns) -> Int64Array:
    order = np.argsort(-columns.worth, kind="stable")
    is_eligible = columns.statuses[order] == ELIGIBLE
    return np.concatenate([order[is_eligible][:SHORTLIST], order[~is_eligible][:KEPT_INELIGIBLE]])


def _best_of_group(
    snapshot: Snapshot, keywords: Int64Array, fits: Float32Array, live: CampaignOverrides
) -> tuple[Int64Array, Float32Array]:
    groups = snapshot.keyword_group[keywords]
    # A keyword that is off or not relevant represents its group only when the group has no better one.
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
    snapshot: Snapshot, columns: ContenderColumns, *, live: CampaignOverrides, context: RatingContext
) -> list[Contender]:
    keywords, fits = columns.keywords, columns.fits
    groups = snapshot.keyword_group[keywords]
    campaigns = snapshot.group_campaign[groups]
    rating = predict_click_rates(snapshot, keywords, fits, context=context)
    # In the order of Contender's fields.
    fields = zip(
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
        (
            raise_reserve(reserve, context.request.intent_percent)
            for reserve in snapshot.campaign_reserve[campaigns].tolist()
        ),
        fits.tolist(),
        rating.rates.tolist(),
        snapshot.campaign_views_a_person[campaigns].tolist(),
        rating.smoothed.tolist(),
        rating.sources,
        snapshot.campaign_category[campaigns].tolist(),
        (STATUSES[status] for status in columns.statuses.tolist()),
        strict=True,
    )
    return [Contender(*values) for values in fields]


# The status that came closest to winning comes first: it is the most informative reason.
NO_AD_REASON_BY_STATUS = (
    (EligibilityStatus.NO_INTENT, "no_intent"),
    (EligibilityStatus.SEEN_OFTEN, "frequency"),
    (EligibilityStatus.NO_BUDGET, "no_budget"),
    (EligibilityStatus.NOT_RELEVANT, "below_threshold"),
)


def _no_ad_reason(contenders: list[Contender]) -> str:
    statuses = {contender.status for contender in contenders}
    return next((reason for status, reason in NO_AD_REASON_BY_STATUS if status in statuses), "no_match")
