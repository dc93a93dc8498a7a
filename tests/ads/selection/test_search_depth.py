"""Selection reads the most valuable keywords first and finds the winner of a full search."""

import numpy as np
import pytest

from ads.contract import AdRequest
from ads.selection.building.snapshot_builder import build_from_rows
from ads.selection.core.decision import Decision
from ads.selection.core.index import Snapshot, load_snapshot
from ads.selection.core.overrides import LiveOverrides, align_overrides
from ads.selection.serving import select
from bench.market.synthetic_inventory import generate_inventory, generate_requests, list_phrases


@pytest.fixture(scope="module")
def crowd() -> Snapshot:
    """A dense inventory, in which hundreds of keywords compete for a request."""
    return build_from_rows(generate_inventory(2_000, 10_000, is_dense=True), version="crowd")


def choose(snapshot: Snapshot, request: AdRequest, live: LiveOverrides) -> Decision:
    shortlist = select.find_contenders(
        snapshot,
        request,
        live=align_overrides(snapshot, live),
        now=1_800_000_000,
        random=np.random.default_rng(5),
    )
    return select.decide(shortlist, {})


def test_limited_depth_finds_the_winner_of_a_full_search(
    crowd: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = LiveOverrides(off=frozenset(range(1, 40)), paces=tuple((number, 0.4) for number in range(50, 150)))
    requests = list(generate_requests(list_phrases(crowd), 150, is_dense=True))
    monkeypatch.setattr(select, "SEARCH_DEPTHS", ())
    whole = [choose(crowd, request, live) for request in requests]
    monkeypatch.setattr(select, "SEARCH_DEPTHS", (20, 60))
    quick = [choose(crowd, request, live) for request in requests]
    assert [decision.winner for decision in quick] == [decision.winner for decision in whole]
    assert [decision.sale for decision in quick] == [decision.sale for decision in whole]
    assert [decision.reason for decision in quick] == [decision.reason for decision in whole]
    assert sum(decision.winner is not None for decision in whole) > 100


def test_paces_of_unknown_campaigns_change_nothing(crowd: Snapshot) -> None:
    live = align_overrides(crowd, LiveOverrides(paces=((3, 0.25), (10**9, 0.5))))
    assert live.paces[crowd.campaign_ids == 3].tolist() == [0.25]
    assert (live.paces < 1).sum() == 1


def test_a_damaged_snapshot_is_refused(crowd: Snapshot) -> None:
    blob = crowd.dump()
    assert load_snapshot(blob).version == "crowd"
    for damaged in (b"", blob[:-1], blob[: len(blob) // 2] + b"\x00\x01" + blob[len(blob) // 2 + 2 :], b"PK"):
        with pytest.raises((ValueError, KeyError)):
            load_snapshot(damaged)
