"""Rates ads for one request: what smoothing says, bent by what was learned; drawn now and then."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ads.contract import AdRequest
from ads.selection.ctr import EXPLORED_BELOW, draw_rates
from ads.selection.ftrl import LEAST, MOST
from ads.selection.index import Doubles, Ints, Reals, Snapshot, spread
from ads.selection.traits import Trait, code_of, hash_traits, hour_of

SMOOTHED, DRAWN = "smoothed", "drawn"


@dataclass(frozen=True, slots=True)
class Moment:
    """What is asked and when; with a source of chance, new ads are given one."""

    request: AdRequest
    now: int
    random: np.random.Generator | None


@dataclass(frozen=True, slots=True)
class Rating:
    """For each contender its creative, the rate, what smoothing says, and whose word the rate is."""

    creatives: Ints
    rates: Doubles
    smoothed: Doubles
    sources: list[str]


def rate_ads(snapshot: Snapshot, keywords: Ints, fits: Reals, *, moment: Moment) -> Rating:
    """Return for each keyword the best creative of its group at this moment."""
    groups = snapshot.keyword_group[keywords]
    creatives, owners = spread(snapshot.group_creative_start, groups)
    smoothed = snapshot.creative_rates[creatives].astype(np.float64)
    version, trust, calibration = snapshot.click_model.tolist()
    rates, source = smoothed, SMOOTHED
    if trust > 0 and len(creatives):
        traits = _traits_of(snapshot, creatives, keywords[owners], fits[owners], moment)
        scores = snapshot.click_weights[hash_traits(traits, len(creatives))].sum(axis=1, dtype=np.float64)
        rates = (1 - trust) * smoothed + trust * _bend(smoothed, scores, calibration)
        source = f"learned {version:.0f}"
    drawn = np.zeros(len(creatives), dtype=np.bool_)
    if moment.random is not None and len(creatives):
        drawn = _are_new(snapshot, creatives, owners, len(groups))
        views = snapshot.creative_views[creatives[drawn]].astype(np.float32)
        rates = rates.copy()
        rates[drawn] = draw_rates(rates[drawn].astype(np.float32), views, random=moment.random)
    if len(creatives) > len(groups):
        order = np.lexsort((creatives, -rates, owners))
        best = order[np.searchsorted(owners[order], np.arange(len(groups)))]
        creatives, rates, smoothed, drawn = creatives[best], rates[best], smoothed[best], drawn[best]
    return Rating(creatives, rates, smoothed, [DRAWN if is_drawn else source for is_drawn in drawn.tolist()])


def _bend(smoothed: Doubles, scores: Doubles, calibration: float) -> Doubles:
    odds = smoothed / (1 - smoothed) * np.exp(np.minimum(np.maximum(scores, -20.0), 20.0))
    raw = np.minimum(np.maximum(odds / (1 + odds), LEAST), MOST)
    bent: Doubles = raw * calibration / (1 - raw + raw * calibration)
    return bent


def _traits_of(
    snapshot: Snapshot, creatives: Ints, keywords: Ints, fits: Reals, moment: Moment
) -> dict[str, Trait]:
    request = moment.request
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
        "topic": code_of(request.topics[0] if request.topics else ""),
        "language": code_of(request.language),
        "device": code_of(request.device),
        "placement": code_of(request.placement),
        "hour": hour_of(moment.now),
    }


def _are_new(snapshot: Snapshot, creatives: Ints, owners: Ints, count: int) -> NDArray[np.bool_]:
    # Where one creative of a group is new, all of them are drawn, or the others' luck could not be beaten.
    new = snapshot.creative_views[creatives] < EXPLORED_BELOW
    has_new = np.bincount(owners[new], minlength=count) > 0
    marked: NDArray[np.bool_] = has_new[owners]
    return marked
