"""A request looks at the most valuable keywords first, and finds what looking at all of them would find."""

import numpy as np
import pytest

from ads.contract import AdRequest
from ads.selection import select
from ads.selection.build import build
from ads.selection.decision import Decision
from ads.selection.eligibility import LiveBits, lay_out
from ads.selection.index import Snapshot, load
from ads.selection.rows import BUYING
from bench.ad_markets.inventories import invent, requests
from bench.ad_selection import phrases_of


@pytest.fixture(scope="module")
def crowd() -> Snapshot:
    """A dense inventory, in which some words are signs of buying."""
    snapshot = build(invent(2_000, 10_000, is_dense=True), version="crowd")
    snapshot.term_kind[20:30] = BUYING
    return snapshot


def choose(snapshot: Snapshot, request: AdRequest, live: LiveBits) -> Decision:
    return select.choose(
        snapshot,
        request,
        live=lay_out(snapshot, live),
        count_views=lambda campaigns: {},
        now=1_800_000_000,
        random=np.random.default_rng(5),
    )


def test_the_winner_is_the_one_that_looking_at_everything_finds(
    crowd: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = LiveBits(off=frozenset(range(1, 40)), paces=tuple((number, 0.4) for number in range(50, 150)))
    asked = list(requests(phrases_of(crowd), 150, is_dense=True))
    monkeypatch.setattr(select, "FIRST_LOOKS", ())
    whole = [choose(crowd, request, live) for request in asked]
    monkeypatch.setattr(select, "FIRST_LOOKS", (20, 60))
    quick = [choose(crowd, request, live) for request in asked]
    assert [decision.winner for decision in quick] == [decision.winner for decision in whole]
    assert [decision.sale for decision in quick] == [decision.sale for decision in whole]
    assert [decision.reason for decision in quick] == [decision.reason for decision in whole]
    assert sum(decision.winner is not None for decision in whole) > 100


def test_paces_of_campaigns_that_are_not_there_change_nothing(crowd: Snapshot) -> None:
    live = lay_out(crowd, LiveBits(paces=((3, 0.25), (10**9, 0.5))))
    assert live.paces[crowd.campaign_ids == 3].tolist() == [0.25]
    assert (live.paces < 1).sum() == 1


def test_a_damaged_snapshot_is_refused(crowd: Snapshot) -> None:
    blob = crowd.dump()
    assert load(blob).version == "crowd"
    for damaged in (b"", blob[:-1], blob[: len(blob) // 2] + b"\x00\x01" + blob[len(blob) // 2 + 2 :], b"PK"):
        with pytest.raises((ValueError, KeyError)):
            load(damaged)
