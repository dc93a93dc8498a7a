"""The ladder every contender climbs: the first rung that fails is the reason why it is not shown."""

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
    OUT_OF_SCHEDULE = 2
    OTHER_LANGUAGE = 3
    OTHER_DEVICE = 4
    NEGATIVE_KEYWORD = 5
    NO_BUDGET = 6
    NOT_RELEVANT = 7
    SEEN_OFTEN = 8
    BELOW_RESERVE = 9
    OUTBID = 10
    WON = 11


@dataclass(frozen=True, slots=True)
class LiveBits:
    """What changed since the snapshot was built: campaigns switched off or out of money, and paces."""

    off: frozenset[int] = frozenset()
    out_of_money: frozenset[int] = frozenset()
    paces: tuple[tuple[int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class LiveStates:
    """The live bits laid beside one snapshot's campaigns, so that a request reads them without looking up."""

    rungs: NDArray[np.int8]
    paces: NDArray[np.float32]


Rungs = NDArray[np.int8]
# Plain numbers: members of an enumeration are slow to compare whole arrays with.
STANDING, PAUSED, NO_BUDGET = int(Rung.STANDING), int(Rung.PAUSED), int(Rung.NO_BUDGET)
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


def climb(
    snapshot: Snapshot, request: AdRequest, finding: Finding, groups: Small, *, live: LiveStates, now: int
) -> Rungs:
    """Return for each group the first rung that fails, or STANDING."""
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
    rungs[paused] = PAUSED
    return rungs


def lay_out(snapshot: Snapshot, live: LiveBits) -> LiveStates:
    """Return the live bits in the order of the snapshot's campaigns; unknown campaigns are left out."""
    rungs = np.zeros(len(snapshot.campaign_ids), dtype=np.int8)
    paces = np.ones(len(snapshot.campaign_ids), dtype=np.float32)
    rungs[np.isin(snapshot.campaign_ids, sorted(live.out_of_money))] = Rung.NO_BUDGET
    rungs[np.isin(snapshot.campaign_ids, sorted(live.off))] = Rung.PAUSED
    if live.paces and len(paces):
        order = np.argsort(snapshot.campaign_ids)
        asked = np.array([campaign for campaign, _ in live.paces])
        places = np.searchsorted(snapshot.campaign_ids, asked, sorter=order)
        rows = order[np.minimum(places, len(order) - 1)]
        known = snapshot.campaign_ids[rows] == asked
        paces[rows[known]] = np.array([pace for _, pace in live.paces], dtype=np.float32)[known]
    return LiveStates(rungs, paces)


def rung_of(snapshot: Snapshot, live: LiveStates, campaign: int) -> Rung:
    """Return where a campaign falls right now; one that is not in the snapshot counts as paused."""
    places = np.flatnonzero(snapshot.campaign_ids == campaign)
    return Rung(int(live.rungs[places[0]])) if len(places) else Rung.PAUSED


def _with_negative(snapshot: Snapshot, finding: Finding, groups: Small) -> Ints:
    flat, owners = spread(snapshot.group_negative_start, groups)
    return owners[contains(finding.covered, snapshot.group_negatives[flat])]
