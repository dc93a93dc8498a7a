import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts.models import User
from ads.models import Advertiser, Campaign, Creative, Transaction
from ads.tokens import Purpose, sign
from tests.ads.inventory import make_ad, make_offer
from tests.ads.visits import click_on

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]


@pytest.fixture
def desk(admin_client: Client) -> Client:
    """The admin's browser."""
    return admin_client


def decide(desk: Client, creative: Creative, decision: str, *, reason: str = "") -> None:
    desk.post(
        reverse("admin:ads_creative_change", args=[creative.pk]),
        {"review_reason": reason, f"ads_creative_{decision}": "1"},
    )
    creative.refresh_from_db()


@pytest.mark.parametrize(
    "model",
    [
        "advertiser",
        "campaign",
        "adgroup",
        "creative",
        "offer",
        "impression",
        "click",
        "complaint",
        "account",
        "transaction",
        "campaignday",
        "clickmodel",
        "refusedvisit",
        "credit",
        "freeze",
        "rollup",
        "learnedreserve",
    ],
)
def test_every_page_of_the_market_opens(desk: Client, model: str) -> None:
    offer = make_offer()
    click_on(sign(Purpose.CLICK, offer.id, at=offer.created_at))
    assert desk.get(reverse(f"admin:ads_{model}_changelist")).status_code == 200


def test_an_offer_shows_its_auction(desk: Client) -> None:
    offer = make_offer()
    offer.trace = [
        {
            "rung": "won",
            "term": "도쿄 항공권",
            "bid_micros": 300_000_000,
            "pace": 1,
            "relevance": 0.6,
            "click_rate": 0.015,
            "score": 2.7,
        }
    ]
    offer.save()
    page = desk.get(reverse("admin:ads_offer_change", args=[offer.pk]))
    assert "도쿄 항공권" in page.content.decode()


def test_the_ledger_is_read_only(desk: Client) -> None:
    make_offer()
    posted = Transaction.objects.first()
    assert posted is not None
    assert desk.get(reverse("admin:ads_transaction_add")).status_code == 403
    assert desk.post(reverse("admin:ads_transaction_delete", args=[posted.pk])).status_code == 403
    page = desk.post(reverse("admin:ads_transaction_change", args=[posted.pk]), {"note": "x"})
    assert page.status_code == 403


def test_a_reviewer_approves_a_version_and_the_one_before_retires(desk: Client) -> None:
    shown = make_ad()
    waiting = Creative.objects.create(
        ad_group=shown.ad_group,
        lineage=shown.lineage,
        version=2,
        title="New words",
        body="Body",
        landing_url="https://grace.example/new",
        display_domain="grace.example",
        review=Creative.Review.WAITING,
    )
    decide(desk, waiting, "approve")
    shown.refresh_from_db()
    assert (waiting.review, shown.review) == ("approved", "retired")
    assert waiting.reviewer_id == User.objects.get(is_superuser=True).pk


def test_a_rejection_needs_a_reason(desk: Client) -> None:
    creative = make_ad()
    Creative.objects.update(review=Creative.Review.WAITING)
    decide(desk, creative, "reject")
    assert creative.review == "waiting"
    decide(desk, creative, "reject", reason="효능을 확인할 수 없어요")
    assert (creative.review, creative.review_reason) == ("rejected", "효능을 확인할 수 없어요")


def test_a_decided_ad_is_not_decided_again(desk: Client) -> None:
    creative = make_ad()
    decide(desk, creative, "reject", reason="너무 늦었어요")
    assert creative.review == "approved"


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_no_link_and_no_foreign_form_decides(admin_user: User, decision: str) -> None:
    creative = make_ad()
    Creative.objects.update(review=Creative.Review.WAITING, review_reason="-")
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(admin_user)
    address = reverse("admin:ads_creative_change", args=[creative.pk])
    assert browser.get(address, {f"ads_creative_{decision}": "1"}).status_code == 200
    with pytest.raises(NoReverseMatch):
        reverse(f"admin:ads_creative_{decision}", args=[creative.pk])
    assert browser.post(address, {f"ads_creative_{decision}": "1"}).status_code == 403
    creative.refresh_from_db()
    assert creative.review == "waiting"
    form = {
        f"ads_creative_{decision}": "1",
        "review_reason": "-",
        "csrfmiddlewaretoken": browser.cookies["csrftoken"].value,
    }
    assert browser.post(address, form).status_code == 302
    creative.refresh_from_db()
    assert creative.review != "waiting"


def test_an_admin_stops_campaigns_at_once(desk: Client) -> None:
    campaign = make_ad().ad_group.campaign
    desk.post(
        reverse("admin:ads_campaign_changelist"),
        {"action": "pause_campaigns", "_selected_action": [campaign.pk]},
    )
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.PAUSED


def test_an_admin_can_change_a_campaign_and_an_ad_group(desk: Client) -> None:
    campaign = make_ad().ad_group.campaign
    assert desk.get(reverse("admin:ads_campaign_change", args=[campaign.pk])).status_code == 200
    group = campaign.ad_groups.get()
    assert desk.get(reverse("admin:ads_adgroup_change", args=[group.pk])).status_code == 200
    advertiser = Advertiser.objects.get()
    assert desk.get(reverse("admin:ads_advertiser_change", args=[advertiser.pk])).status_code == 200


def test_an_admin_sees_how_many_clicks_an_advertiser_s_own_addresses_made_free(desk: Client) -> None:
    offer = make_offer()
    Advertiser.objects.update(own_networks=["203.0.113.0/24"])
    click_on(sign(Purpose.CLICK, offer.id, at=offer.created_at), address="203.0.113.9")
    click_on(sign(Purpose.CLICK, make_offer(offer.creative).id, at=offer.created_at), address="198.51.100.9")
    page = desk.get(reverse("admin:ads_advertiser_change", args=[Advertiser.objects.get().pk]))
    assert "1 / 2" in page.content.decode() and "203.0.113.0/24" in page.content.decode()
