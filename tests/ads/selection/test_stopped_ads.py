"""Nothing that is paused, rejected, retired or switched off is served, however old the snapshot is."""

import datetime
import uuid

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from accounts.models import User
from ads.campaigns.campaigns import set_ad_group_enabled, set_campaign_status
from ads.campaigns.creative_review import approve_creative
from ads.campaigns.errors import InvalidChangeError
from ads.campaigns.keywords import set_keywords_enabled
from ads.client import request_ad
from ads.contract import NoAd, ServedAd
from ads.models import Advertiser, Campaign, Creative, Offer
from ads.selection.jobs.live_overrides import publish_live_overrides
from ads.selection.jobs.publishing import publish
from ads.selection.serving.snapshots import serving_state
from ads.selection.serving.traces import find_trace
from testing.ads.inventory import make_ad, make_advertiser, publish_all, request_for, reset_serving_state

PROMPT = "도쿄 항공권 싸게 사는 법"
ADS = st.integers(0, 3)
PEOPLE = ("", "ada", "grace")


class Stops(RuleBasedStateMachine):
    """Four ads of two advertisers, stopped and resumed in every way, with requests in between."""

    def __init__(self) -> None:
        super().__init__()
        self.sheltered = transaction.atomic()
        self.sheltered.__enter__()

    @initialize()
    def open_market(self) -> None:
        shops = [make_advertiser(uuid.uuid4().hex) for _ in range(2)]
        self.lineages = [make_ad(shops[n % 2], bid_won=200 + 100 * n).lineage for n in range(4)]
        self.reviewer = User.objects.create(username=uuid.uuid4().hex)
        publish_all()
        self.salt = uuid.uuid4().hex[:8]
        # The ad must be served at all for the test to mean anything.
        assert isinstance(request_ad(request_for(PROMPT)), ServedAd)

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.sheltered.__exit__(None, None, None)

    def creative(self, which: int) -> Creative:
        return Creative.objects.filter(lineage=self.lineages[which]).latest("version")

    @rule(which=ADS, status=st.sampled_from(["paused", "paused", "active", "active", "ended"]))
    def move(self, which: int, status: str) -> None:
        try:
            set_campaign_status(campaign=self.creative(which).ad_group.campaign, status=status)
        except InvalidChangeError:
            return

    @rule(which=ADS, is_on=st.booleans())
    def switch_group(self, which: int, is_on: bool) -> None:
        set_ad_group_enabled(group=self.creative(which).ad_group, is_on=is_on)

    @rule(which=ADS, is_on=st.booleans())
    def switch_keyword(self, which: int, is_on: bool) -> None:
        group = self.creative(which).ad_group
        set_keywords_enabled(campaign=group.campaign, keywords=[group.keywords.get().pk], is_on=is_on)

    @rule(which=ADS, is_on=st.booleans())
    def switch_ad(self, which: int, is_on: bool) -> None:
        Creative.objects.filter(lineage=self.lineages[which]).update(is_on=is_on)

    @rule(which=ADS)
    def reject(self, which: int) -> None:
        Creative.objects.filter(lineage=self.lineages[which], review="approved").update(
            review="rejected", review_reason="사실과 달라요", updated_at=timezone.now()
        )

    @rule(which=ADS)
    def approve_next_version(self, which: int) -> None:
        last = self.creative(which)
        following = Creative.objects.create(
            ad_group=last.ad_group,
            lineage=last.lineage,
            version=last.version + 1,
            title=f"Version {last.version + 1}",
            body="Body",
            landing_url="https://grace.example/next",
            display_domain="grace.example",
            review=Creative.Review.WAITING,
        )
        assert approve_creative(creative=following, reviewer_id=self.reviewer.pk)

    @rule(which=st.integers(0, 1), status=st.sampled_from(["suspended", "active", "active"]))
    def suspend(self, which: int, status: str) -> None:
        shop = self.creative(which).ad_group.campaign.advertiser_id
        Advertiser.objects.filter(pk=shop).update(status=status, updated_at=timezone.now())

    @rule()
    def publish_anew(self) -> None:
        publish()
        publish_live_overrides(at=timezone.now())

    @rule()
    def read_serving_state(self) -> None:
        serving_state()

    @rule(who=st.sampled_from(PEOPLE), times=st.integers(1, 3))
    def ask(self, who: str, times: int) -> None:
        for _ in range(times):
            person = f"{self.salt}{who}" if who else ""
            answer = request_ad(request_for(PROMPT, frequency_key=person))
            if isinstance(answer, NoAd):
                continue
            shown = Offer.objects.select_related("creative__ad_group__campaign__advertiser").get(
                pk=answer.offer
            )
            creative, campaign = shown.creative, shown.creative.ad_group.campaign
            assert isinstance(answer, ServedAd) and answer.title == creative.title
            assert (creative.review, creative.is_on, creative.ad_group.is_on) == ("approved", True, True)
            assert creative.ad_group.keywords.get().is_on
            assert (campaign.status, campaign.advertiser.status) == ("active", "active")


@pytest.mark.django_db
def test_nothing_that_is_stopped_is_served(valkey: object) -> None:
    run_state_machine_as_test(
        Stops,
        settings=settings(
            max_examples=25,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def ask_until_served(began: datetime.datetime) -> ServedAd:
    """Request repeatedly for as long as live overrides may take."""
    while not isinstance(answer := request_ad(request_for(PROMPT)), ServedAd):
        assert timezone.now() - began < datetime.timedelta(seconds=5)
    return answer


@pytest.mark.django_db
@pytest.mark.usefixtures("valkey")
def test_live_overrides_stop_the_next_best_ad_too() -> None:
    """Another ad replaces a paused one without a new snapshot."""
    best = make_ad(make_advertiser("Grace"), bid_won=900)
    make_ad(make_advertiser("Rival"), bid_won=200)
    publish_all()
    Campaign.objects.filter(pk=best.ad_group.campaign_id).update(status="paused")
    assert request_ad(request_for(PROMPT)) == NoAd("no_match")
    began = timezone.now()
    publish_live_overrides(at=began)
    assert ask_until_served(began).advertiser == "Rival"


@pytest.mark.django_db
@pytest.mark.usefixtures("valkey")
def test_a_keyword_is_switched_off_and_on_without_a_new_snapshot() -> None:
    best = make_ad(make_advertiser("Grace"), bid_won=900)
    make_ad(make_advertiser("Rival"), bid_won=200)
    publish_all()
    version, campaign = serving_state().snapshot.version, best.ad_group.campaign
    keyword = best.ad_group.keywords.get().pk
    assert set_keywords_enabled(campaign=campaign, keywords=[keyword], is_on=False) == 1
    assert set_keywords_enabled(campaign=campaign, keywords=[keyword], is_on=False) == 0
    assert request_ad(request_for(PROMPT)) == NoAd("no_match")
    publish_live_overrides(at=timezone.now())
    assert ask_until_served(timezone.now()).advertiser == "Rival"
    # A snapshot built meanwhile contains the keyword too.
    version = publish()
    reset_serving_state()
    assert ask_until_served(timezone.now()).advertiser == "Rival"
    set_keywords_enabled(campaign=campaign, keywords=[keyword], is_on=True)
    publish_live_overrides(at=timezone.now())
    began = timezone.now()
    while ask_until_served(began).advertiser != "Grace":
        assert timezone.now() - began < datetime.timedelta(seconds=5)
    assert serving_state().snapshot.version == version


@pytest.mark.django_db
@pytest.mark.usefixtures("valkey")
def test_a_group_still_serves_its_other_keywords() -> None:
    ad = make_ad(keywords=(("도쿄 항공권", "phrase"), ("항공권", "broad")))
    best = ad.ad_group.keywords.get(match="phrase")
    set_keywords_enabled(campaign=ad.ad_group.campaign, keywords=[best.pk], is_on=False)
    publish_all()
    answer = request_ad(request_for(PROMPT))
    assert isinstance(answer, ServedAd)
    assert Offer.objects.get(pk=answer.offer).keyword_text == "항공권"
    set_keywords_enabled(
        campaign=ad.ad_group.campaign, keywords=ad.ad_group.keywords.values_list("pk", flat=True), is_on=False
    )
    publish_all()
    request = request_for(PROMPT)
    assert request_ad(request) == NoAd("no_match")
    trace = find_trace(request.request_id)
    assert trace and [line["rung"] for line in trace["contenders"]] == ["keyword_off"]  # type: ignore[attr-defined]


@pytest.mark.django_db
@pytest.mark.usefixtures("valkey")
def test_a_keyword_that_is_off_for_a_day_leaves_the_snapshot() -> None:
    ad = make_ad(keywords=(("도쿄 항공권", "phrase"), ("항공권", "broad")))
    ad.ad_group.keywords.filter(match="phrase").update(
        is_on=False, updated_at=timezone.now() - datetime.timedelta(hours=25)
    )
    publish_all()
    assert len(serving_state().snapshot.keyword_ids) == 1
