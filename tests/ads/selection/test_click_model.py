import datetime

import numpy as np
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from ads.client import request_ad
from ads.contract import ServedAd
from ads.events.click_audit import credit_click
from ads.ledger.billing import settle_click
from ads.models import AdGroup, Campaign, Click, ClickModel, Creative, Impression, Offer
from ads.selection.building.inventory_reader import fingerprint, read_creative_stats
from ads.selection.building.learned_models import read_click_weights
from ads.selection.core import click_rates
from ads.selection.core.click_model import (
    BUCKETS,
    BucketArray,
    Ftrl,
    adjust_odds,
    blend_rates,
    calibrate,
    load_ftrl,
)
from ads.selection.core.features import FEATURES, bucket_features, hash_features
from ads.selection.jobs import click_model_training
from ads.selection.jobs.click_model_training import train_click_model
from ads.selection.serving.snapshots import serving_state
from testing.ads.inventory import make_ad, make_advertiser, make_offer, publish_all, request_for

PROMPT = "도쿄 항공권 싸게 사는 법"


def predict(model: Ftrl, buckets: BucketArray, base: float) -> float:
    """Return the calibrated rate of an impression, as serving computes it from the published weights."""
    return calibrate(adjust_odds(base, float(model.weights()[buckets].sum())), model.calibration)


def buckets_of_kind(kind: int) -> BucketArray:
    return np.array([*range(10), *range(100 * (kind + 1), 100 * (kind + 1) + 15)])


def teach(model: Ftrl, *, impressions: int, rates: tuple[float, float], base: float = 0.02) -> None:
    random = np.random.default_rng(3)
    for number in range(impressions):
        kind = number % 2
        model.learn(buckets_of_kind(kind), base, is_click=bool(random.random() < rates[kind]))


def test_an_untrained_model_predicts_the_base_rate() -> None:
    assert predict(Ftrl(), np.array([1, 2, 3]), 0.037) == pytest.approx(0.037)
    assert Ftrl().trust == 0


def test_a_model_learns_which_ads_are_clicked_and_is_then_trusted() -> None:
    model = Ftrl()
    teach(model, impressions=4_000, rates=(0.01, 0.06))
    assert predict(model, buckets_of_kind(0), 0.02) < 0.02 < predict(model, buckets_of_kind(1), 0.02)
    assert 0.04 < predict(model, buckets_of_kind(1), 0.02) < 0.09
    assert model.trust > 0.9


def test_a_model_without_evidence_is_not_trusted() -> None:
    model = Ftrl()
    teach(model, impressions=4_000, rates=(0.02, 0.02))
    assert model.trust == 0
    assert blend_rates(0.02, 0.9, model.trust) == 0.02


def test_predictions_sum_to_the_clicks_that_came() -> None:
    model, random = Ftrl(), np.random.default_rng(8)
    predicted, clicks = 0.0, 0
    for number in range(6_000):
        is_click = bool(random.random() < 0.08)
        predicted += model.learn(np.array([number % 7, 50 + number % 3]), 0.05, is_click=is_click)
        clicks += is_click
    assert predicted / clicks == pytest.approx(1, abs=0.05)


def test_a_model_is_the_same_after_it_was_stored() -> None:
    model = Ftrl()
    teach(model, impressions=500, rates=(0.02, 0.2))
    again = load_ftrl(model.dump())
    assert predict(again, buckets_of_kind(1), 0.02) == predict(model, buckets_of_kind(1), 0.02)
    assert (again.impressions, again.clicks, again.trust) == (model.impressions, model.clicks, model.trust)
    np.testing.assert_array_equal(again.weights(), model.weights())


@given(st.integers(0, 2**40), st.integers(0, 23))
def test_features_fall_into_the_same_buckets_alone_and_among_others(number: int, hour: int) -> None:
    alone = hash_features(dict.fromkeys(FEATURES, number) | {"hour": hour}, 1)
    many = hash_features({name: np.array([7, number]) for name in FEATURES} | {"hour": hour}, 2)
    np.testing.assert_array_equal(alone[0], many[1])
    assert many.min() >= 0
    assert many.max() < BUCKETS


@pytest.mark.django_db
@pytest.mark.usefixtures("valkey")
def test_training_and_serving_build_the_same_features() -> None:
    make_ad()
    publish_all()
    request = request_for(PROMPT, topics=("travel",))
    request_ad(request)
    offer = Offer.objects.get()
    snapshot = serving_state().snapshot
    served = click_rates._columns_of(
        snapshot,
        np.flatnonzero(snapshot.creative_ids == offer.creative_id),
        np.flatnonzero(snapshot.keyword_ids == offer.keyword_id),
        np.array([offer.relevance], dtype=np.float32),
        click_rates.RatingContext(request, int(offer.created_at.timestamp()), None),
    )
    learned = click_model_training._columns_of([offer])
    np.testing.assert_array_equal(bucket_features(served), bucket_features(learned))


def serve_offers(
    creative: Creative, *, times: int, clicks: int, minutes_ago: int = 120, verdict: str = "free"
) -> None:
    """Offers of this ad, all with an impression, the first `clicks` of them clicked."""
    at = timezone.now() - datetime.timedelta(minutes=minutes_ago)
    for place in range(times):
        offer = make_offer(creative, seen=False)
        Impression.objects.create(offer=offer, verdict="valid", created_at=at)
        if place < clicks:
            Click.objects.create(
                offer=offer,
                campaign=offer.campaign,
                day=at.date(),
                verdict=verdict,
                reason="no_budget",
                price_micros=0,
                created_at=at,
            )


@pytest.mark.django_db
def test_a_new_ad_is_rated_by_its_campaign_advertiser_and_category() -> None:
    grace, rival = make_advertiser("Grace"), make_advertiser("Rival")
    serve_offers(make_ad(grace), times=60, clicks=12)
    serve_offers(make_ad(rival), times=60, clicks=0)
    fresh, strange = make_ad(grace), make_ad(rival)
    groups = list(AdGroup.objects.all())
    rates = {row.id: row.rate for rows in read_creative_stats(groups).values() for row in rows}
    assert rates[fresh.id] > rates[strange.id]


@pytest.mark.django_db
@pytest.mark.usefixtures("valkey")
def test_a_trained_click_model_is_published_and_decides() -> None:
    liked = make_ad(make_advertiser("Liked"), bid_won=300)
    shunned = make_ad(make_advertiser("Shunned"), bid_won=300)
    serve_offers(liked, times=150, clicks=40)
    serve_offers(shunned, times=150, clicks=0)
    before = fingerprint()
    kept = train_click_model()
    assert kept is not None
    assert (kept.looks, kept.clicks) == (300, 40)
    assert kept.trust > 0.5
    assert kept.loss < kept.base_loss
    assert "our own" in kept.provenance
    assert fingerprint() != before
    publish_all()
    answer = request_ad(request_for(PROMPT))
    assert isinstance(answer, ServedAd)
    assert answer.advertiser == "Liked"
    offer = Offer.objects.exclude(trace=[]).get()
    assert {line["rate_source"] for line in offer.trace} <= {f"learned {kept.id}", click_rates.DRAWN}


@pytest.mark.django_db
def test_each_impression_is_learned_once_after_the_label_delay() -> None:
    creative = make_ad()
    serve_offers(creative, times=5, clicks=1)
    serve_offers(creative, times=3, clicks=0, minutes_ago=1)
    assert train_click_model() is not None
    assert train_click_model() is None
    later = train_click_model(at=timezone.now() + click_model_training.LABEL_DELAY)
    assert later is not None
    assert (later.looks, later.clicks) == (8, 1)


@pytest.mark.django_db
def test_invalid_clicks_are_not_learned() -> None:
    creative = make_ad()
    serve_offers(creative, times=4, clicks=2, verdict="invalid")
    kept = train_click_model()
    assert kept is not None
    assert (kept.looks, kept.clicks) == (2, 0)


@pytest.mark.django_db
def test_credited_clicks_raise_no_rate_and_are_not_learned() -> None:
    creative = make_ad()
    for seconds_ago in range(100 * 60, 100 * 60 + 200, 10):
        offer = make_offer(creative, seconds_ago=seconds_ago)
        at = offer.created_at + datetime.timedelta(seconds=9)
        assert settle_click(offer, reason="", network="", at=at) == "billed"
    serve_offers(creative, times=30, clicks=1)
    robots = list(Click.objects.filter(verdict="billed"))
    before = rate_of(creative)
    for click in robots[:-2]:
        assert credit_click(click, reason="burst_network")
    assert rate_of(creative) < before / 2
    (row,) = read_creative_stats(list(AdGroup.objects.all()))[creative.ad_group_id]
    assert row.views == 32
    kept = train_click_model()
    assert kept is not None
    assert (kept.looks, kept.clicks) == (32, 3)


def rate_of(creative: Creative) -> float:
    """The smoothed rate of the only ad."""
    ((row,),) = read_creative_stats([creative.ad_group]).values()
    return row.rate


@pytest.mark.django_db
def test_a_model_of_other_features_is_ignored() -> None:
    serve_offers(make_ad(), times=3, clicks=1)
    train_click_model()
    ClickModel.objects.update(form=1)
    assert read_click_weights().version == 0
    kept = train_click_model()
    assert kept is not None
    assert kept.looks == 3


@pytest.mark.django_db
@pytest.mark.usefixtures("valkey")
def test_without_a_trusted_model_the_smoothed_rate_is_used() -> None:
    make_ad()
    publish_all()
    request_ad(request_for(PROMPT))
    (line,) = Offer.objects.get().trace
    assert line["rate_source"] in (click_rates.SMOOTHED, click_rates.DRAWN)
    assert line["smoothed_rate"] == pytest.approx(0.015, abs=1e-6)
    assert Campaign.objects.count() == 1
