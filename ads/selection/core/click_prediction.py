"""Rates ads for one request: what smoothing says, bent by what was learned; drawn now and then."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ads.contract import AdRequest
from ads.selection.core.click_model import MAX_RATE, MIN_RATE
from ads.selection.core.ctr import EXPLORATION_VIEWS, sample_rates
from ads.selection.core.features import FeatureValue, hash_features, hash_word, korean_hour
from ads.selection.core.index import Float32Array, Float64Array, Int64Array, Snapshot, expand_ranges

SMOOTHED, DRAWN = "smoothed", "drawn"


@dataclass(frozen=True, slots=True)
class RatingContext:
    """What is asked and when; with a source of chance, new ads are given one."""

    request: AdRequest
    now: int
    random: np.random.Generator | None


@dataclass(frozen=True, slots=True)
class CreativeRating:
    """For each contender its creative, the rate, what smoothing says, and whose word the rate is."""

    creatives: Int64Array
    rates: Float64Array
    smoothed: Float64Array
    sources: list[str]


def predict_click_rates(
    snapshot: Snapshot, keywords: Int64Array, fits: Float32Array, *, context: RatingContext
) -> CreativeRating:
    """Return for each keyword the best creative of its group at this moment."""
    groups = snapshot.keyword_group[keywords]
    creatives, owners = expand_ranges(snapshot.group_creative_start, groups)
    smoothed = snapshot.creative_rates[creatives].astype(np.float64)
    version, trust, calibration = snapshot.click_model.tolist()
    rates, source = smoothed, SMOOTHED
    if trust > 0 and len(creatives):
        features = _features_of(snapshot, creatives, keywords[owners], fits[owners], context)
        scores = snapshot.click_weights[hash_features(features, len(creatives))].sum(axis=1, dtype=np.float64)
        rates = (1 - trust) * smoothed + trust * _adjust_odds(smoothed, scores, calibration)
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
    return CreativeRating(
        creatives, rates, smoothed, [DRAWN if is_drawn else source for is_drawn in drawn.tolist()]
    )


def _adjust_odds(smoothed: Float64Array, scores: Float64Array, calibration: float) -> Float64Array:
    odds = smoothed / (1 - smoothed) * np.exp(np.minimum(np.maximum(scores, -20.0), 20.0))
    raw = np.minimum(np.maximum(odds / (1 + odds), MIN_RATE), MAX_RATE)
    bent: Float64Array = raw * calibration / (1 - raw + raw * calibration)
    return bent


def _features_of(
    snapshot: Snapshot,
    creatives: Int64Array,
    keywords: Int64Array,
    fits: Float32Array,
    context: RatingContext,
) -> dict[str, FeatureValue]:
    request = context.request
    groups = snapshot.keyword_group[keywords]
    campaigns = snapshot.group_campaign[groups]
    return {
        "creative": snapshot.creative_ids[creatives],
        "group": snapshot.group_ids[groups],
        "campaign": snapshot.campaign_ids[campaigns],
        "advertiser": snapshot.campaign_advertiser[campaigns],
        "category": snapshot.campaign_category[campaigns],
        "keyword": np.maximum(snapshot.keyword_ids[keywords], 0),
        "match": snapshot.keyword_match[keywords],
        "fit": (fits * 10).astype(np.int64),
        "topic": hash_word(request.topics[0] if request.topics else ""),
        "language": hash_word(request.language),
        "device": hash_word(request.device),
        "placement": hash_word(request.placement),
        "hour": korean_hour(context.now),
    }


def _needs_exploration(
    snapshot: Snapshot, creatives: Int64Array, owners: Int64Array, count: int
) -> NDArray[np.bool_]:
    # Where one creative of a group is new, all of them are drawn, or the others' luck could not be beaten.
    new = snapshot.creative_views[creatives] < EXPLORATION_VIEWS
    has_new = np.bincount(owners[new], minlength=count) > 0
    marked: NDArray[np.bool_] = has_new[owners]
    return marked
