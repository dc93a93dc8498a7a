"""One button requests the review and starts a campaign; approval needs no second press."""

import pytest
import redis
from django.conf import settings as site_settings
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import User
from ads.campaigns.creative_review import approve_creative
from ads.campaigns.errors import InvalidChangeError
from ads.campaigns.launch import LaunchOutcome, launch_campaign
from ads.client import request_ad
from ads.contract import ServedAd
from ads.models import Advertiser, Campaign, Creative, Keyword, Membership
from ads.selection.jobs import publishing
from testing.ads.inventory import make_ad, make_advertiser, publish_all, request_for, reset_serving_state
from tests.ads.ledger.test_concurrent_charges import at_once

pytestmark = pytest.mark.django_db
QUEUE = "celery"
Status, Review = Campaign.Status, Creative.Review


def make_draft(advertiser: Advertiser | None = None) -> Campaign:
    """A campaign with keywords and an ad, neither submitted nor started."""
    ad = make_ad(advertiser or make_advertiser())
    Creative.objects.filter(pk=ad.pk).update(review=Review.DRAFT)
    Campaign.objects.filter(pk=ad.ad_group.campaign_id).update(status=Status.DRAFT)
    return Campaign.objects.get(pk=ad.ad_group.campaign_id)


def test_launching_submits_the_draft_and_starts_the_campaign() -> None:
    campaign = make_draft()
    assert launch_campaign(campaign=campaign) == LaunchOutcome(submitted=1, is_waiting=True)
    campaign.refresh_from_db()
    assert (campaign.status, Creative.objects.get().review) == (Status.ACTIVE, Review.WAITING)
    assert launch_campaign(campaign=campaign) == LaunchOutcome(submitted=0, is_waiting=True)


def test_an_approved_campaign_starts_without_another_review() -> None:
    campaign = make_draft()
    Creative.objects.update(review=Review.APPROVED)
    assert launch_campaign(campaign=campaign) == LaunchOutcome(submitted=0, is_waiting=False)
    assert Campaign.objects.get().status == Status.ACTIVE


@pytest.mark.parametrize("missing", ["keywords", "ad", "accepted ad", "time"])
def test_an_incomplete_campaign_does_not_start(missing: str) -> None:
    campaign = make_draft()
    if missing == "keywords":
        Keyword.objects.all().delete()
    elif missing == "ad":
        Creative.objects.all().delete()
    elif missing == "accepted ad":
        Creative.objects.update(review=Review.REJECTED, review_reason="과장")
    else:
        Campaign.objects.update(status=Status.ENDED)
    with pytest.raises(InvalidChangeError):
        launch_campaign(campaign=campaign)
    assert Campaign.objects.get().status != Status.ACTIVE


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_submit_once() -> None:
    campaign = make_draft()
    outcomes = at_once(2, lambda _number: launch_campaign(campaign=campaign))
    assert sorted(outcome.submitted for outcome in outcomes) == [0, 1]


def test_the_page_says_what_is_missing_and_the_button_waits(client: Client, grace: User) -> None:
    campaign = make_draft()
    shop = campaign.advertiser
    Membership.objects.create(advertiser=shop, member=grace, role=Membership.Role.OWNER)
    client.force_login(grace)
    url = f"/advertise/{shop.public_id}/campaigns/{campaign.public_id}/launch/"
    assert "검토 요청하고 승인되면 시작" in client.get(url).content.decode()
    Creative.objects.all().delete()
    page = client.get(url).content.decode()
    assert "광고 문구를 써 주세요" in page and " disabled" in page
    assert client.post(url).status_code == 409
    assert Campaign.objects.get().status == Status.DRAFT


def test_starting_without_money_shows_that_money_is_missing(client: Client, grace: User) -> None:
    campaign = make_draft(make_advertiser(won=0))
    shop = campaign.advertiser
    Membership.objects.create(advertiser=shop, member=grace, role=Membership.Role.OWNER)
    client.force_login(grace)
    url = f"/advertise/{shop.public_id}/campaigns/{campaign.public_id}"
    page = client.post(f"{url}/launch/", follow=True).content.decode()
    assert "검토 중: 승인돼도 잔액이 있어야 보여요." in page
    assert "승인되면 바로 보이기 시작" not in page
    assert f'href="{url}/money/"' in page
    assert "검토 중" in client.get(f"/advertise/{shop.public_id}/campaigns/").content.decode()


@pytest.mark.parametrize(("role", "has_button"), [("owner", True), ("editor", False)])
def test_only_owners_add_money_in_the_wizard(
    client: Client, grace: User, role: str, has_button: bool
) -> None:
    campaign = make_draft(make_advertiser(won=0))
    shop = campaign.advertiser
    Membership.objects.create(advertiser=shop, member=grace, role=role)
    client.force_login(grace)
    url = f"/advertise/{shop.public_id}/campaigns/{campaign.public_id}/money/"
    page = client.get(url)
    assert ('name="preset"' in page.content.decode()) is has_button
    sent = {"preset": "50000", "key": str(page.context["preset_key"])}
    answers = [client.post(url, sent).status_code for _ in range(2)]
    assert answers == ([302, 302] if has_button else [403, 403])
    assert ("5일 동안 보일 수 있어요" in client.get(url).content.decode()) is False
    expected = "1일 동안 보일 수 있어요" if has_button else "소유자가 채울 수 있어요"
    assert expected in client.get(url).content.decode()


@pytest.mark.usefixtures("valkey")
def test_an_approval_is_on_air_without_waiting_for_the_schedule(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks, ada: User
) -> None:
    campaign = make_draft()
    publish_all()
    launch_campaign(campaign=campaign)
    approve_creative(creative=Creative.objects.get(), reviewer_id=ada.pk)
    with django_capture_on_commit_callbacks(execute=True):
        publishing.request_publication()
    reset_serving_state()
    assert isinstance(request_ad(request_for("도쿄 항공권")), ServedAd)


@pytest.mark.usefixtures("valkey")
def test_where_workers_run_turns_a_worker_publishes(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks, settings: Settings
) -> None:
    settings.TURN_RUNNER = "worker"
    with redis.Redis.from_url(site_settings.REDIS_URL) as client:
        client.delete(QUEUE)
        with django_capture_on_commit_callbacks(execute=True):
            publishing.request_publication()
        (message,) = client.lrange(QUEUE, 0, -1)
        client.delete(QUEUE)
    assert b"ads.tasks.publish_inventory" in message


def test_without_valkey_a_launch_is_kept_and_published_later(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    gone = redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.1)
    monkeypatch.setattr("ads.selection.jobs.publishing.redis_client", lambda: gone)
    make_ad()
    with django_capture_on_commit_callbacks(execute=True):
        publishing.request_publication()
    assert "could not be published at once" in caplog.text
