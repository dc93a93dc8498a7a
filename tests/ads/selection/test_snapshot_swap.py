"""A new inventory is loaded in the background; a damaged one leaves the old one serving."""

import threading
import time

import pytest
from django.utils import timezone

from ads.client import fetch_vocabulary, request_ad
from ads.contract import NoAd, ServedAd
from ads.infra.redis_client import redis_client
from ads.models import Campaign
from ads.selection.core.index import Snapshot
from ads.selection.core.overrides import CampaignOverrides, LiveOverrides, align_overrides
from ads.selection.jobs.live_overrides import publish_live_overrides
from ads.selection.jobs.publishing import publish
from ads.selection.serving import snapshots
from ads.selection.serving.snapshot_store import VERSION_KEY, snapshot_key
from ads.selection.serving.snapshots import serving_state
from aggregator.placements import find_terms
from language import lookup
from language.lookup import Lookup
from testing.ads.inventory import make_ad, make_advertiser, publish_all, request_for

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]
PROMPT = "도쿄 항공권 싸게 사는 법"


@pytest.fixture(autouse=True)
def no_time_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "CHECK_SECONDS", 0.0)
    monkeypatch.setattr(snapshots, "RETIRED_SECONDS", 0.0)


def wait_for(version: str, *, seconds: float = 10.0) -> bool:
    """Read the serving state until it has this version."""
    end = time.monotonic() + seconds
    while serving_state().snapshot.version != version and time.monotonic() < end:
        time.sleep(0.01)
    return serving_state().snapshot.version == version


def test_the_first_request_after_a_quiet_time_gets_what_was_published_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(snapshots, "IDLE_SECONDS", 0.0)
    monkeypatch.setattr(snapshots, "IDLE_WAIT_SECONDS", 10.0)
    publish_all()
    serving_state()
    make_ad()
    version = publish()
    publish_live_overrides(at=timezone.now())
    assert serving_state().snapshot.version == version
    assert isinstance(request_ad(request_for(PROMPT)), ServedAd)


def test_a_published_inventory_is_served_without_a_restart() -> None:
    make_ad(bid_won=300)
    publish_all()
    before = serving_state().snapshot
    make_ad(make_advertiser("Richer"), bid_won=900)
    version = publish()
    assert version != before.version
    assert wait_for(version)
    assert len(serving_state().snapshot.group_ids) == 2
    assert len(before.group_ids) == 1


@pytest.mark.parametrize("published", [None, b"", b"JJSNAP1\nrubbish", b"x" * 1000])
def test_an_inventory_that_is_lost_or_damaged_replaces_nothing(published: bytes | None) -> None:
    make_ad(bid_won=300)
    publish_all()
    before = serving_state().snapshot.version
    if published is not None:
        redis_client().set(snapshot_key("other"), published)
    redis_client().set(VERSION_KEY, "other")
    assert not wait_for("other", seconds=0.5)
    assert serving_state().snapshot.version == before
    assert isinstance(request_ad(request_for(PROMPT)), ServedAd)


def test_an_inventory_that_was_cut_short_replaces_nothing() -> None:
    make_ad(bid_won=300)
    publish_all()
    before = serving_state().snapshot
    redis_client().set(snapshot_key("other"), before.dump()[:-7])
    redis_client().set(VERSION_KEY, "other")
    assert not wait_for("other", seconds=0.5)
    assert serving_state().snapshot.version == before.version


def test_a_pause_during_the_load_of_a_new_inventory_is_not_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_ad(bid_won=300)
    publish_all()
    before = serving_state().snapshot.version
    make_ad(make_advertiser("Richer"), bid_won=900)
    version = publish()
    is_laying, may_go_on = threading.Event(), threading.Event()

    def lay_out_slowly(snapshot: Snapshot, live: LiveOverrides) -> CampaignOverrides:
        if snapshot.version == version and not is_laying.is_set():
            is_laying.set()
            may_go_on.wait(30)
        return align_overrides(snapshot, live)

    monkeypatch.setattr(snapshots, "align_overrides", lay_out_slowly)
    assert serving_state().snapshot.version == before
    assert is_laying.wait(30)
    Campaign.objects.update(status=Campaign.Status.PAUSED, updated_at=timezone.now())
    publish_live_overrides(at=timezone.now())
    # A request applies the new overrides to the old inventory: they are not new any more.
    assert serving_state().snapshot.version == before
    may_go_on.set()
    assert wait_for(version)
    market = serving_state()
    assert len(market.live.statuses) == 2
    assert market.live.statuses.all()
    assert request_ad(request_for(PROMPT)) == NoAd("no_match")


def test_an_inventory_of_the_same_words_brings_no_new_vocabulary() -> None:
    creative = make_ad(bid_won=300)
    publish_all()
    words = fetch_vocabulary()
    creative.ad_group.default_bid_micros *= 2
    creative.ad_group.save()
    assert wait_for(publish())
    assert fetch_vocabulary() is words
    make_ad(make_advertiser("Careful"), negatives=("도쿄 항공권",))
    assert wait_for(publish())
    assert fetch_vocabulary().terms == words.terms
    assert fetch_vocabulary().version != words.version


def test_the_lookup_of_a_new_vocabulary_is_built_in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    builders: list[str] = []

    class Watched(Lookup):
        def __init__(self, *parts: object) -> None:
            builders.append(threading.current_thread().name)
            super().__init__(*parts)  # type: ignore[arg-type]

    make_ad(bid_won=300)
    publish_all()
    find_terms(PROMPT, fetch_vocabulary())
    monkeypatch.setattr(lookup, "Lookup", Watched)
    make_ad(make_advertiser("Richer"), keywords=(("오사카 숙소", "phrase"),), negatives=("환불",))
    assert wait_for(publish())
    assert find_terms("오사카 숙소 환불규정", fetch_vocabulary())
    assert builders and threading.current_thread().name not in builders
