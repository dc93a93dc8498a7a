"""Expected click rates: smoothed by empirical Bayes, adjusted by the click model, sampled for new ads.

A creative's rate is shrunk towards its campaign's, the campaign's towards its advertiser's, and so on
(empirical Bayes with a beta prior at each level). In an exploration request, creatives with few impressions
are rated by a draw from their posterior (Thompson 1933).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ads.contract import AdRequest
from ads.selection.core.click_model import adjust_odds, blend_rates, calibrate
from ads.selection.core.features import ImpressionColumns, bucket_features
from ads.selection.core.index import Float32Array, Float64Array, Int64Array, Snapshot, expand_ranges

# The click rate of an ad about which nothing is known.
DEFAULT_CLICK_RATE = 0.015
# Weight of a prior in impressions.
PRIOR_VIEWS = 400.0
# Creatives below this number of impressions are explored.
EXPLORATION_VIEWS = 500
# Values of `rate_source` in stored traces.
SMOOTHED, DRAWN = "smoothed", "drawn"


@dataclass(frozen=True, slots=True)
class RatingContext:
    """The request and its Unix time; `random` is set in exploration requests only."""

    request: AdRequest
    now: int
    random: np.random.Generator | None


@dataclass(frozen=True, slots=True)
class CreativeRating:
    """For n keywords: the chosen creative, its rate and smoothed rate, shape (n,), and the source."""

    creatives: Int64Array
    rates: Float64Array
    smoothed: Float64Array
    sources: list[str]


def smoothed_rate(clicks: int, views: int, *, prior_rate: float) -> float:
    """Return the posterior mean of a click rate with a beta prior of PRIOR_VIEWS impressions."""
    return (clicks + prior_rate * PRIOR_VIEWS) / (views + PRIOR_VIEWS)


def back_off_rate(levels: Sequence[tuple[int, int]]) -> float:
    """Return the rate of the last of (clicks, views) levels, each the prior of the next, widest first."""
    rate = DEFAULT_CLICK_RATE
    for clicks, views in levels:
        rate = smoothed_rate(clicks, views, prior_rate=rate)
    return rate


def sample_rates(rates: Float32Array, views: Float32Array, *, random: np.random.Generator) -> Float32Array:
    """Return one draw from each creative's beta posterior; all arrays have shape (n,)."""
    weight = views + PRIOR_VIEWS
    drawn: Float32Array = random.beta(rates * weight, (1 - rates) * weight).astype(np.float32)
    return drawn


def predict_click_rates(
    snapshot: Snapshot, keywords: Int64Array, fits: Float32Array, *, context: RatingContext
) -> CreativeRating:
    """Return the best creative of each keyword's ad group; `keywords` (rows) and `fits` have shape (n,)."""
    groups = snapshot.keyword_group[keywords]
    creatives, owners = expand_ranges(snapshot.group_creative_start, groups)
    smoothed = snapshot.creative_rates[creatives].astype(np.float64)
    version, trust, calibration = snapshot.click_model.tolist()
    rates, source = smoothed, SMOOTHED
    if trust > 0 and len(creatives):
        buckets = bucket_features(_columns_of(snapshot, creatives, keywords[owners], fits[owners], context))
        scores = snapshot.click_weights[buckets].sum(axis=1, dtype=np.float64)
        rates = blend_rates(smoothed, calibrate(adjust_odds(smoothed, scores), calibration), trust)
        source = f"learned {version:.0f}"
    drawn = np.zeros(len(creatives), dtype=np.bool_)
    if context.random is not None and len(creatives):
        drawn = _needs_exploration(snapshot, creatives, owners, len(groups))
        views = snapshot.creative_views[creatives[drawn]].astype(np.float32)
        rates = rates.copy()
        rates[drawn] = sample_rates(rates[drawn].astype(np.float32), views, random=context.random)
    if len(creatives) > len(groups):
        order = np.lexsort((creatives, -rates, owners))
        best = order[np.searchsorted(owners[order], np.arange(len(groups)))]
        creatives, rates, smoothed, drawn = creatives[best], rates[best], smoothed[best], drawn[best]
    sources = [DRAWN if is_drawn else source for is_drawn in drawn.tolist()]
    return CreativeRating(creatives, rates, smoothed, sources)


def _columns_of(
    snapshot: Snapshot,
    creatives: Int64Array,
    keywords: Int64Array,
    fits: Float32Array,
    context: RatingContext,
) -> ImpressionColumns:
    request = context.request
    groups = snapshot.keyword_group[keywords]
    campaigns = snapshot.group_campaign[groups]
    return ImpressionColumns(
        creative=snapshot.creative_ids[creatives],
        group=snapshot.group_ids[groups],
        campaign=snapshot.campaign_ids[campaigns],
        advertiser=snapshot.campaign_advertiser[campaigns],
        category=snapshot.campaign_category[campaigns],
        keyword=snapshot.keyword_ids[keywords],
        match=snapshot.keyword_match[keywords],
        relevance=fits,
        topic=request.topics[0] if request.topics else "",
        language=request.language,
        device=request.device,
        placement=request.placement,
        second=context.now,
    )


def _needs_exploration(
    snapshot: Snapshot, creatives: Int64Array, owners: Int64Array, count: int
) -> NDArray[np.bool_]:
    # When one creative of a group is new, all of them are sampled: a draw compared with means would be
    # unfair.
    new = snapshot.creative_views[creatives] < EXPLORATION_VIEWS
    has_new = np.bincount(owners[new], minlength=count) > 0
    marked: NDArray[np.bool_] = has_new[owners]
    return marked
