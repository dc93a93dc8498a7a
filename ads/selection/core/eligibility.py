"""The ladder every contender climbs: the first rung that fails is the reason why it is not shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ads.contract import AdRequest
from ads.selection.core.index import (
    DEVICES,
    LANGUAGES,
    Int32Array,
    Int64Array,
    Snapshot,
    expand_ranges,
    is_in_sorted,
)
from ads.selection.core.posting_lists import QueryTerms


class EligibilityStatus(IntEnum):
    """Where a contender fell, in the order in which it is asked."""

    STANDING = 0
    PAUSED = 1
    KEYWORD_OFF = 2
    OUT_OF_SCHEDULE = 3
    OTHER_LANGUAGE = 4
    OTHER_DEVICE = 5
    NEGATIVE_KEYWORD = 6
    NO_BUDGET = 7
    NOT_RELEVANT = 8
    SEEN_OFTEN = 9
    BELOW_RESERVE = 10
    OUTBID = 11
    WON = 12


@dataclass(frozen=True, slots=True)
class LiveOverrides:
    """What changed since the snapshot was built: what was switched off or ran out of money, and paces.

    `left` has what a campaign can still pay today, in micros, where that is less than it bids.
    """

    off: frozenset[int] = frozenset()
    keywords_off: frozenset[int] = frozenset()
    out_of_money: frozenset[int] = frozenset()
    paces: tuple[tuple[int, float], ...] = ()
    left: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class CampaignOverrides:
    """The live bits laid beside one snapshot's campaigns, so that a request reads them without looking up.

    Keywords that are off are few beside all there are: their ids, in order, are looked up for those found.
    """

    statuses: NDArray[np.int8]
    paces: NDArray[np.float32]
    keywords_off: Int64Array
    left: Int64Array


StatusCodes = NDArray[np.int8]
# What is left where it pays for whatever is bid.
UNLIMITED_MICROS = 1 << 62
# Plain numbers: members of an enumeration are slow to compare whole arrays with.
STANDING, PAUSED, KEYWORD_OFF = (
    int(EligibilityStatus.STANDING),
    int(EligibilityStatus.PAUSED),
    int(EligibilityStatus.KEYWORD_OFF),
)
OUT_OF_SCHEDULE, NEGATIVE_KEYWORD = (
    int(EligibilityStatus.OUT_OF_SCHEDULE),
    int(EligibilityStatus.NEGATIVE_KEYWORD),
)


def audience_code(language: str, device: str) -> int:
    """Return the number that stands for the language and the device an ad group is for."""
    return LANGUAGES.index(language) * len(DEVICES) + DEVICES.index(device)


def _audience_status(meant: str, asked: str, rung: EligibilityStatus) -> EligibilityStatus:
    return EligibilityStatus.STANDING if meant in ("any", asked) else rung


def _audience_statuses(language: str, device: str) -> StatusCodes:
    # Where nothing is known of the device, no group falls for it.
    ends = [
        _audience_status(meant, language, EligibilityStatus.OTHER_LANGUAGE)
        or _audience_status(screen, device or screen, EligibilityStatus.OTHER_DEVICE)
        for meant in LANGUAGES
        for screen in DEVICES
    ]
    return np.array(ends, dtype=np.int8)


OTHER = "other"
# For each language and device a request may have: where the groups of each audience fall.
_AUDIENCE_STATUSES = {
    (language, device): _audience_statuses(language, device)
    for language in (*LANGUAGES, OTHER)
    for device in (*DEVICES, OTHER, "")
}


def are_keywords_off(snapshot: Snapshot, keywords: Int64Array, live: CampaignOverrides) -> NDArray[np.bool_]:
    """Say of each keyword whether it is switched off."""
    return is_in_sorted(live.keywords_off, snapshot.keyword_ids[keywords])


def check_eligibility(
    snapshot: Snapshot,
    request: AdRequest,
    query_terms: QueryTerms,
    keywords: Int64Array,
    *,
    live: CampaignOverrides,
    now: int,
) -> StatusCodes:
    """Return for each keyword the first rung that fails, its group's or its own, or STANDING."""
    groups = snapshot.keyword_group[keywords]
    campaigns = snapshot.group_campaign[groups]
    statuses = live.statuses[campaigns]
    paused = statuses == PAUSED
    # From the last rung to the first, so that the first one that fails has the last word.
    statuses[_groups_with_negative(snapshot, query_terms, groups)] = NEGATIVE_KEYWORD
    falls = _AUDIENCE_STATUSES[
        request.language if request.language in LANGUAGES else OTHER,
        request.device if not request.device or request.device in DEVICES else OTHER,
    ][snapshot.group_audience[groups]]
    np.copyto(statuses, falls, where=falls != STANDING)
    ends = snapshot.campaign_ends[campaigns]
    closed = (snapshot.campaign_starts[campaigns] > now) | ((ends <= now) & (ends > 0))
    statuses[closed] = OUT_OF_SCHEDULE
    if len(live.keywords_off):
        statuses[are_keywords_off(snapshot, keywords, live)] = KEYWORD_OFF
    statuses[paused] = PAUSED
    return statuses


def align_overrides(snapshot: Snapshot, live: LiveOverrides) -> CampaignOverrides:
    """Return the live bits in the order of the snapshot's campaigns; unknown campaigns are left out."""
    statuses = np.zeros(len(snapshot.campaign_ids), dtype=np.int8)
    paces = np.ones(len(snapshot.campaign_ids), dtype=np.float32)
    left = np.full(len(snapshot.campaign_ids), UNLIMITED_MICROS, dtype=np.int64)
    _scatter(snapshot, live.paces, paces)
    _scatter(snapshot, live.left, left)
    # What is left pays for no click of its category.
    statuses[left < snapshot.campaign_reserve] = EligibilityStatus.NO_BUDGET
    statuses[np.isin(snapshot.campaign_ids, sorted(live.out_of_money))] = EligibilityStatus.NO_BUDGET
    statuses[np.isin(snapshot.campaign_ids, sorted(live.off))] = EligibilityStatus.PAUSED
    return CampaignOverrides(statuses, paces, np.array(sorted(live.keywords_off), dtype=np.int64), left)


def _scatter(
    snapshot: Snapshot, told: Sequence[tuple[int, float]], into: NDArray[np.float32] | NDArray[np.int64]
) -> None:
    if not told or not len(into):
        return
    order = np.argsort(snapshot.campaign_ids)
    asked = np.array([campaign for campaign, _ in told])
    places = np.searchsorted(snapshot.campaign_ids, asked, sorter=order)
    rows = order[np.minimum(places, len(order) - 1)]
    known = snapshot.campaign_ids[rows] == asked
    into[rows[known]] = np.array([value for _, value in told], dtype=into.dtype)[known]


def is_servable(snapshot: Snapshot, live: CampaignOverrides, campaign: int, price_micros: int) -> bool:
    """Say whether a campaign stands right now and can pay this for a click; an unknown one does not."""
    places = np.flatnonzero(snapshot.campaign_ids == campaign)
    return bool(len(places) and live.statuses[places[0]] == STANDING and live.left[places[0]] >= price_micros)


def _groups_with_negative(snapshot: Snapshot, query_terms: QueryTerms, groups: Int32Array) -> Int64Array:
    flat, owners = expand_ranges(snapshot.group_negative_start, groups)
    return owners[is_in_sorted(query_terms.covered, snapshot.group_negatives[flat])]
