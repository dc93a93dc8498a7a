"""The ladder every contender climbs: the first rung that fails is the reason why it is not shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ads.contract import AdRequest
from ads.selection.finding import Finding
from ads.selection.index import DEVICES, LANGUAGES, Ints, Small, Snapshot, contains, spread


class Rung(IntEnum):
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
class LiveBits:
    """What changed since the snapshot was built: what was switched off or ran out of money, and paces.

    `left` has what a campaign can still pay today, in micros, where that is less than it bids.
    """

    off: frozenset[int] = frozenset()
    keywords_off: frozenset[int] = frozenset()
    out_of_money: frozenset[int] = frozenset()
    paces: tuple[tuple[int, float], ...] = ()
    left: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class LiveStates:
    """The live bits laid beside one snapshot's campaigns, so that a request reads them without looking up.

    Keywords that are off are few beside all there are: their ids, in order, are looked up for those found.
    """

    rungs: NDArray[np.int8]
    paces: NDArray[np.float32]
    keywords_off: Ints
    left: Ints


Rungs = NDArray[np.int8]
# What is left where it pays for whatever is bid.
PLENTY = 1 << 62
# Plain numbers: members of an enumeration are slow to compare whole arrays with.
STANDING, PAUSED, KEYWORD_OFF = int(Rung.STANDING), int(Rung.PAUSED), int(Rung.KEYWORD_OFF)
OUT_OF_SCHEDULE, NEGATIVE_KEYWORD = int(Rung.OUT_OF_SCHEDULE), int(Rung.NEGATIVE_KEYWORD)


def audience_code(language: str, device: str) -> int:
    """Return the number that stands for the language and the device an ad group is for."""
    return LANGUAGES.index(language) * len(DEVICES) + DEVICES.index(device)


def _fall_of(meant: str, asked: str, rung: Rung) -> Rung:
    return Rung.STANDING if meant in ("any", asked) else rung


def _falls(language: str, device: str) -> Rungs:
    # Where nothing is known of the device, no group falls for it.
    ends = [
        _fall_of(meant, language, Rung.OTHER_LANGUAGE)
        or _fall_of(screen, device or screen, Rung.OTHER_DEVICE)
        for meant in LANGUAGES
        for screen in DEVICES
    ]
    return np.array(ends, dtype=np.int8)


OTHER = "other"
# For each language and device a request may have: where the groups of each audience fall.
_FALLS = {
    (language, device): _falls(language, device)
    for language in (*LANGUAGES, OTHER)
    for device in (*DEVICES, OTHER, "")
}


def are_off(snapshot: Snapshot, keywords: Ints, live: LiveStates) -> NDArray[np.bool_]:
    """Say of each keyword whether it is switched off."""
    return contains(live.keywords_off, snapshot.keyword_ids[keywords])


def climb(
    snapshot: Snapshot, request: AdRequest, finding: Finding, keywords: Ints, *, live: LiveStates, now: int
) -> Rungs:
    """Return for each keyword the first rung that fails, its group's or its own, or STANDING."""
    groups = snapshot.keyword_group[keywords]
    campaigns = snapshot.group_campaign[groups]
    rungs = live.rungs[campaigns]
    paused = rungs == PAUSED
    # From the last rung to the first, so that the first one that fails has the last word.
    rungs[_with_negative(snapshot, finding, groups)] = NEGATIVE_KEYWORD
    falls = _FALLS[
        request.language if request.language in LANGUAGES else OTHER,
        request.device if not request.device or request.device in DEVICES else OTHER,
    ][snapshot.group_audience[groups]]
    np.copyto(rungs, falls, where=falls != STANDING)
    ends = snapshot.campaign_ends[campaigns]
    closed = (snapshot.campaign_starts[campaigns] > now) | ((ends <= now) & (ends > 0))
    rungs[closed] = OUT_OF_SCHEDULE
    if len(live.keywords_off):
        rungs[are_off(snapshot, keywords, live)] = KEYWORD_OFF
    rungs[paused] = PAUSED
    return rungs


def lay_out(snapshot: Snapshot, live: LiveBits) -> LiveStates:
    """Return the live bits in the order of the snapshot's campaigns; unknown campaigns are left out."""
    rungs = np.zeros(len(snapshot.campaign_ids), dtype=np.int8)
    paces = np.ones(len(snapshot.campaign_ids), dtype=np.float32)
    left = np.full(len(snapshot.campaign_ids), PLENTY, dtype=np.int64)
    _lay(snapshot, live.paces, paces)
    _lay(snapshot, live.left, left)
    # What is left pays for no click of its category.
    rungs[left < snapshot.campaign_reserve] = Rung.NO_BUDGET
    rungs[np.isin(snapshot.campaign_ids, sorted(live.out_of_money))] = Rung.NO_BUDGET
    rungs[np.isin(snapshot.campaign_ids, sorted(live.off))] = Rung.PAUSED
    return LiveStates(rungs, paces, np.array(sorted(live.keywords_off), dtype=np.int64), left)


def _lay(
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


def can_show(snapshot: Snapshot, live: LiveStates, campaign: int, price_micros: int) -> bool:
    """Say whether a campaign stands right now and can pay this for a click; an unknown one does not."""
    places = np.flatnonzero(snapshot.campaign_ids == campaign)
    return bool(len(places) and live.rungs[places[0]] == STANDING and live.left[places[0]] >= price_micros)


def _with_negative(snapshot: Snapshot, finding: Finding, groups: Small) -> Ints:
    flat, owners = spread(snapshot.group_negative_start, groups)
    return owners[contains(finding.covered, snapshot.group_negatives[flat])]
