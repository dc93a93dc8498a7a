"""The ladder every contender climbs: the first rung that fails is the reason why it is not shown."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ads.contract import AdRequest
from ads.selection.index import DEVICES, LANGUAGES, Finding, Ints, Snapshot, contains, spread


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
# Reading a member off its class is slow enough to count where every contender passes.
STANDING, PAUSED, NO_BUDGET = Rung.STANDING, Rung.PAUSED, Rung.NO_BUDGET


def climb(
    snapshot: Snapshot, request: AdRequest, finding: Finding, groups: Ints, *, live: LiveStates, now: int
) -> Rungs:
    """Return for each group the first rung that fails, or STANDING."""
    rungs = np.zeros(len(groups), dtype=np.int8)
    campaigns = snapshot.group_campaign[groups]
    states = live.rungs[campaigns]
    ends = snapshot.campaign_ends[campaigns]
    _fail(rungs, states == PAUSED, PAUSED)
    _fail(
        rungs,
        (snapshot.campaign_starts[campaigns] > now) | ((ends > 0) & (ends <= now)),
        Rung.OUT_OF_SCHEDULE,
    )
    _fail(rungs, _differs(snapshot.group_language[groups], request.language, LANGUAGES), Rung.OTHER_LANGUAGE)
    if request.device:
        _fail(rungs, _differs(snapshot.group_device[groups], request.device, DEVICES), Rung.OTHER_DEVICE)
    _fail(rungs, _has_negative(snapshot, finding, groups), Rung.NEGATIVE_KEYWORD)
    _fail(rungs, states == NO_BUDGET, NO_BUDGET)
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


def _fail(rungs: Rungs, failed: NDArray[np.bool_], rung: Rung) -> None:
    rungs[(rungs == STANDING) & failed] = rung


def _differs(codes: NDArray[np.uint8], asked: str, words: tuple[str, ...]) -> NDArray[np.bool_]:
    wanted = words.index(asked) if asked in words else -1
    differs: NDArray[np.bool_] = (codes != 0) & (codes != wanted)
    return differs


def _has_negative(snapshot: Snapshot, finding: Finding, groups: Ints) -> NDArray[np.bool_]:
    flat, owners = spread(snapshot.group_negative_start, groups)
    hit = contains(finding.covered, snapshot.group_negatives[flat])
    has: NDArray[np.bool_] = np.bincount(owners[hit], minlength=len(groups)) > 0
    return has
