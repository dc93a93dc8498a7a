"""Live overrides: pauses, remaining budgets and paces that take effect before the next snapshot."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ads.selection.core.decision import EligibilityStatus
from ads.selection.core.index import Int64Array, Snapshot, is_in_sorted

StatusCodes = NDArray[np.int8]
# The remaining money of a campaign that can pay any bid.
UNLIMITED_MICROS = 1 << 62


@dataclass(frozen=True, slots=True)
class LiveOverrides:
    """Changes since the snapshot was built: ids that are off or out of money, and paces below 1.

    `left` lists (campaign, remaining micros) where the remaining money is less than the campaign bids.
    """

    off: frozenset[int] = frozenset()
    keywords_off: frozenset[int] = frozenset()
    out_of_money: frozenset[int] = frozenset()
    paces: tuple[tuple[int, float], ...] = ()
    left: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class CampaignOverrides:
    """Live overrides aligned with one snapshot: arrays of shape (campaigns,), in the snapshot's order.

    `keywords_off` is the exception: the sorted ids of the few keywords that are off.
    """

    statuses: StatusCodes
    paces: NDArray[np.float32]
    keywords_off: Int64Array
    left: Int64Array


def encode_overrides(live: LiveOverrides) -> str:
    """Return live overrides as published JSON."""
    document = {
        "off": sorted(live.off),
        "keywords": sorted(live.keywords_off),
        "out": sorted(live.out_of_money),
        "paces": live.paces,
        "left": live.left,
    }
    return json.dumps(document)


def decode_overrides(raw: bytes | None) -> LiveOverrides:
    """Read published live overrides; None means that nothing was overridden."""
    if not raw:
        return LiveOverrides()
    document = json.loads(raw)
    return LiveOverrides(
        off=frozenset(document["off"]),
        keywords_off=frozenset(document.get("keywords", ())),
        out_of_money=frozenset(document["out"]),
        paces=tuple((int(campaign), float(pace)) for campaign, pace in document["paces"]),
        left=tuple((int(campaign), int(amount)) for campaign, amount in document.get("left", ())),
    )


def align_overrides(snapshot: Snapshot, live: LiveOverrides) -> CampaignOverrides:
    """Return the overrides in the order of the snapshot's campaigns; unknown campaigns are left out."""
    statuses = np.zeros(len(snapshot.campaign_ids), dtype=np.int8)
    paces = np.ones(len(snapshot.campaign_ids), dtype=np.float32)
    left = np.full(len(snapshot.campaign_ids), UNLIMITED_MICROS, dtype=np.int64)
    _scatter(snapshot, live.paces, paces)
    _scatter(snapshot, live.left, left)
    # Remaining money below the category's reserve cannot pay for a click.
    statuses[left < snapshot.campaign_reserve] = EligibilityStatus.NO_BUDGET
    statuses[np.isin(snapshot.campaign_ids, sorted(live.out_of_money))] = EligibilityStatus.NO_BUDGET
    statuses[np.isin(snapshot.campaign_ids, sorted(live.off))] = EligibilityStatus.PAUSED
    return CampaignOverrides(statuses, paces, np.array(sorted(live.keywords_off), dtype=np.int64), left)


def is_servable(snapshot: Snapshot, live: CampaignOverrides, campaign: int, price_micros: int) -> bool:
    """Return whether a campaign is eligible and can pay this price; False for an unknown campaign."""
    places = np.flatnonzero(snapshot.campaign_ids == campaign)
    if not len(places):
        return False
    place = places[0]
    return bool(live.statuses[place] == EligibilityStatus.ELIGIBLE and live.left[place] >= price_micros)


def are_keywords_off(snapshot: Snapshot, keywords: Int64Array, live: CampaignOverrides) -> NDArray[np.bool_]:
    """Return for each keyword row, shape (n,), whether it is switched off."""
    return is_in_sorted(live.keywords_off, snapshot.keyword_ids[keywords])


def _scatter(
    snapshot: Snapshot, pairs: Sequence[tuple[int, float]], into: NDArray[np.float32] | NDArray[np.int64]
) -> None:
    if not pairs or not len(into):
        return
    order = np.argsort(snapshot.campaign_ids)
    campaigns = np.array([campaign for campaign, _ in pairs])
    places = np.searchsorted(snapshot.campaign_ids, campaigns, sorter=order)
    rows = order[np.minimum(places, len(order) - 1)]
    known = snapshot.campaign_ids[rows] == campaigns
    into[rows[known]] = np.array([value for _, value in pairs], dtype=into.dtype)[known]
