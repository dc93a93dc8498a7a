"""A campaign's state says whether its ad is served now, why not, and what to do next."""

import datetime
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ads.client import request_ad
from ads.contract import ServedAd
from ads.domain.money import WON
from ads.ledger.leases import extend_lease
from ads.ledger.market_freeze import freeze_market
from ads.models import AdGroup, Advertiser, Campaign, CampaignDay, Creative, Keyword, LearnedReserve
from ads.reporting.campaign_state import (
    STATE_LABELS,
    CampaignState,
    NextStep,
    StateCode,
    find_campaign_states,
)
from ads.reporting.statements import read_balance
from testing.ads.inventory import make_ad, make_advertiser, publish_all, request_for

Change = Callable[[Creative], object]


def state_of(campaign: Campaign) -> CampaignState:
    shop = Advertiser.objects.get(pk=campaign.advertiser_id)
    return find_campaign_states(shop, [campaign.pk], read_balance(shop))[campaign.pk]


def set_campaign(**values: object) -> Change:
    return lambda ad: Campaign.objects.update(**values)


def set_review(review: str, **values: object) -> Change:
    return lambda ad: Creative.objects.update(review=review, **values)


def spend_today(ad: Creative) -> None:
    campaign = ad.ad_group.campaign
    extend_lease(campaign.pk, at=timezone.now(), price_micros=300 * WON)
    day = CampaignDay.objects.get()
    CampaignDay.objects.update(budget_micros=day.leased_micros, spent_micros=day.leased_micros)


def spend_all(ad: Creative) -> None:
    Campaign.objects.update(total_budget_micros=300 * WON)
    extend_lease(ad.ad_group.campaign_id, at=timezone.now(), price_micros=300 * WON)
    CampaignDay.objects.update(spent_micros=F("leased_micros"))


def require_more(ad: Creative) -> None:
    LearnedReserve.objects.create(
        category="travel", reserve_micros=400 * WON, auctions=1, income_gain=0, fill_loss=0
    )


def in_days(count: int) -> datetime.datetime:
    return timezone.now() + datetime.timedelta(days=count)


SPENDING = (spend_today, spend_all)
DRAFT = Campaign.Status.DRAFT
TABLE: list[tuple[str, list[Change], StateCode, NextStep | None]] = [
    ("as made", [], StateCode.RUNNING, NextStep.PAUSE),
    ("ended", [set_campaign(status="ended")], StateCode.ENDED, None),
    ("last day over", [set_campaign(ends_at=in_days(0))], StateCode.ENDED, NextStep.CHANGE_BUDGET),
    ("paused", [set_campaign(status="paused")], StateCode.PAUSED, NextStep.RESUME),
    ("starts later", [set_campaign(starts_at=in_days(9))], StateCode.SCHEDULED, None),
    ("approved draft", [set_campaign(status=DRAFT)], StateCode.DRAFT, NextStep.START),
    (
        "draft, not submitted",
        [set_campaign(status=DRAFT), set_review("draft")],
        StateCode.DRAFT,
        NextStep.REVIEW_AND_START,
    ),
    (
        "draft without an ad",
        [set_campaign(status=DRAFT), lambda ad: Creative.objects.all().delete()],
        StateCode.DRAFT,
        NextStep.WRITE_AD,
    ),
    (
        "draft without keywords",
        [set_campaign(status=DRAFT), lambda ad: Keyword.objects.all().delete()],
        StateCode.DRAFT,
        NextStep.ADD_KEYWORDS,
    ),
    (
        "rejected draft",
        [set_campaign(status=DRAFT), set_review("rejected", review_reason="과장")],
        StateCode.REJECTED,
        NextStep.FIX_AD,
    ),
    ("in review", [set_review("waiting")], StateCode.IN_REVIEW, None),
    ("rejected", [set_review("rejected", review_reason="과장")], StateCode.REJECTED, NextStep.FIX_AD),
    ("never submitted", [set_review("draft")], StateCode.BLOCKED, NextStep.REVIEW_AND_START),
    ("no ad", [lambda ad: Creative.objects.all().delete()], StateCode.BLOCKED, NextStep.WRITE_AD),
    ("ad is off", [lambda ad: Creative.objects.update(is_on=False)], StateCode.BLOCKED, NextStep.SHOW_GROUPS),
    (
        "group is off",
        [lambda ad: AdGroup.objects.update(is_on=False)],
        StateCode.BLOCKED,
        NextStep.SHOW_GROUPS,
    ),
    ("no keyword", [lambda ad: Keyword.objects.all().delete()], StateCode.BLOCKED, NextStep.ADD_KEYWORDS),
    (
        "keywords are off",
        [lambda ad: Keyword.objects.update(is_on=False)],
        StateCode.BLOCKED,
        NextStep.CHANGE_KEYWORDS,
    ),
    (
        "bid below the minimum",
        [require_more],
        StateCode.BLOCKED,
        NextStep.CHANGE_KEYWORDS,
    ),
    ("suspended", [lambda ad: Advertiser.objects.update(status="suspended")], StateCode.BLOCKED, None),
    ("frozen market", [lambda ad: freeze_market([])], StateCode.BLOCKED, None),
    ("spent today", [spend_today], StateCode.SPENT_TODAY, NextStep.CHANGE_BUDGET),
    (
        "total spent",
        [spend_all],
        StateCode.SPENT,
        NextStep.CHANGE_BUDGET,
    ),
]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "code", "step"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_each_state_has_its_next_step(changes: list[Change], code: StateCode, step: NextStep | None) -> None:
    ad = make_ad(make_advertiser())
    for change in changes:
        change(ad)
    state = state_of(ad.ad_group.campaign)
    assert (state.code, state.next_step) == (code, step)
    assert state.detail or code in (StateCode.RUNNING, StateCode.ENDED)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "code"), [(row[1], row[2]) for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_without_money_nothing_is_said_to_be_shown(changes: list[Change], code: StateCode) -> None:
    ad = make_ad(make_advertiser(won=0))
    for change in changes:
        if change not in SPENDING:
            change(ad)
    state = state_of(ad.ad_group.campaign)
    assert state.code != StateCode.RUNNING
    assert "바로 보이기 시작" not in state.detail
    if code == StateCode.RUNNING:
        assert (state.code, state.next_step) == (StateCode.NO_MONEY, NextStep.FUND)
    if code == StateCode.IN_REVIEW:
        assert (state.code, state.next_step) == (StateCode.IN_REVIEW, NextStep.FUND)
        assert state.detail == "승인돼도 잔액이 있어야 보여요."


@pytest.mark.django_db
def test_the_reason_of_a_rejection_and_the_first_day_are_shown() -> None:
    ad = make_ad()
    campaign = ad.ad_group.campaign
    Creative.objects.update(review="rejected", review_reason="최저가라는 근거가 없어요")
    assert state_of(campaign).detail == "최저가라는 근거가 없어요"
    assert state_of(campaign).target == ad.public_id
    Creative.objects.update(review="approved")
    Campaign.objects.update(starts_at=datetime.datetime(2099, 12, 2, 15, tzinfo=datetime.UTC))
    assert state_of(campaign).detail == "12월 3일에 시작해요."
    with translation.override("en"):
        assert state_of(campaign).detail == "It starts on December 3."


@pytest.mark.django_db
def test_a_keyword_and_an_ad_in_different_groups_are_not_enough() -> None:
    ad = make_ad()
    campaign = ad.ad_group.campaign
    other = AdGroup.objects.create(campaign=campaign, name="B", default_bid_micros=300_000_000)
    assert state_of(campaign).code == StateCode.RUNNING
    Creative.objects.update(ad_group=other)
    assert state_of(campaign).detail == "켜진 키워드와 광고 문구가 같은 그룹에 없어요."


@pytest.mark.django_db
def test_states_of_many_campaigns_take_as_many_queries_as_of_one() -> None:
    shop = make_advertiser()
    campaigns = [make_ad(shop).ad_group.campaign_id for _ in range(5)]
    balance, counts = read_balance(shop), []
    for shown in (campaigns[:1], campaigns):
        with CaptureQueriesContext(connection) as queries:
            assert len(find_campaign_states(shop, shown, balance)) == len(shown)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_every_state_has_a_label_in_both_languages() -> None:
    assert set(STATE_LABELS) == set(StateCode)
    for language in ("ko", "en"):
        with translation.override(language):
            assert len({str(label) for label in STATE_LABELS.values()}) == len(StateCode)


@pytest.mark.django_db
@pytest.mark.usefixtures("valkey")
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.sampled_from(TABLE), max_size=2), has_money=st.booleans())
@example(rows=[], has_money=True)
@example(rows=[], has_money=False)
def test_a_campaign_is_said_to_run_exactly_when_a_matching_request_gets_its_ad(
    rows: list[tuple[str, list[Change], StateCode, NextStep | None]], has_money: bool
) -> None:
    with transaction.atomic():
        ad = make_ad(make_advertiser(won=1_000_000 if has_money else 0))
        for change in (change for row in rows for change in row[1]):
            if (has_money and len(rows) == 1) or change not in SPENDING:
                change(ad)
        publish_all()
        answer = request_ad(request_for("도쿄 항공권 싸게 사는 법"))
        state = state_of(ad.ad_group.campaign)
        transaction.set_rollback(True)
    assert (state.code == StateCode.RUNNING) == isinstance(answer, ServedAd), (state, answer)
