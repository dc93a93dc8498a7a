import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.models import User
from ads.domain.money import WON
from ads.events.link_tokens import LinkPurpose, sign_token
from ads.ledger.invariants import find_discrepancies
from ads.models import Advertiser, Campaign, CampaignDay, Creative, Transaction
from testing.ads.event_requests import click_on
from testing.ads.inventory import make_ad, make_offer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]


@pytest.fixture
def admin_page(admin_client: Client) -> Client:
    """The admin's browser."""
    return admin_client


def decide(admin_page: Client, creative: Creative, decision: str, *, reason: str = "") -> None:
    admin_page.post(
        reverse("admin:ads_creative_change", args=[creative.pk]),
        {"review_reason": reason, f"ads_creative_{decision}": "1"},
    )
    creative.refresh_from_db()


@pytest.mark.parametrize(
    "model", [model._meta.model_name for model in admin.site._registry if model._meta.app_label == "ads"]
)
def test_every_page_of_the_market_opens(admin_page: Client, model: str) -> None:
    offer = make_offer()
    click_on(sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at))
    assert admin_page.get(reverse(f"admin:ads_{model}_changelist")).status_code == 200


def test_an_offer_shows_its_auction(admin_page: Client) -> None:
    offer = make_offer()
    offer.trace = [
        {
            "rung": "won",
            "campaign": offer.campaign_id,
            "term": "도쿄 항공권",
            "match": "phrase",
            "bid_micros": 300_000_000,
            "pace": 1,
            "relevance": 0.6,
            "click_rate": 0.015,
            "score": 2.7,
        }
    ]
    offer.save()
    page = admin_page.get(reverse("admin:ads_offer_change", args=[offer.pk]))
    assert "도쿄 항공권" in page.content.decode()


def test_the_ledger_is_read_only(admin_page: Client) -> None:
    make_offer()
    posted = Transaction.objects.first()
    assert posted is not None
    assert admin_page.get(reverse("admin:ads_transaction_add")).status_code == 403
    assert admin_page.post(reverse("admin:ads_transaction_delete", args=[posted.pk])).status_code == 403
    page = admin_page.post(reverse("admin:ads_transaction_change", args=[posted.pk]), {"note": "x"})
    assert page.status_code == 403


def test_an_approved_version_retires_the_previous_one(admin_page: Client) -> None:
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
    decide(admin_page, waiting, "approve")
    shown.refresh_from_db()
    assert (waiting.review, shown.review) == ("approved", "retired")
    assert waiting.reviewer_id == User.objects.get(is_superuser=True).pk


def test_a_rejection_needs_a_reason(admin_page: Client) -> None:
    creative = make_ad()
    Creative.objects.update(review=Creative.Review.WAITING)
    decide(admin_page, creative, "reject")
    assert creative.review == "waiting"
    decide(admin_page, creative, "reject", reason="효능을 확인할 수 없어요")
    assert (creative.review, creative.review_reason) == ("rejected", "효능을 확인할 수 없어요")


def test_a_decided_ad_is_not_decided_again(admin_page: Client) -> None:
    creative = make_ad()
    decide(admin_page, creative, "reject", reason="너무 늦었어요")
    assert creative.review == "approved"


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_a_review_decision_needs_a_post_with_a_csrf_token(admin_user: User, decision: str) -> None:
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


def test_an_admin_pauses_campaigns(admin_page: Client) -> None:
    campaign = make_ad().ad_group.campaign
    admin_page.post(
        reverse("admin:ads_campaign_changelist"),
        {"action": "pause_campaigns", "_selected_action": [campaign.pk]},
    )
    campaign.refresh_from_db()
    assert campaign.status == Campaign.Status.PAUSED


def test_view_permission_does_not_allow_pausing(client: Client, grace: User) -> None:
    campaign = make_ad().ad_group.campaign
    grace.is_staff = True
    grace.save()
    where = reverse("admin:ads_campaign_changelist")
    sent = {"action": "pause_campaigns", "_selected_action": [campaign.pk]}
    for right, status in (("view", Campaign.Status.ACTIVE), ("change", Campaign.Status.PAUSED)):
        grace.user_permissions.add(Permission.objects.get(codename=f"{right}_campaign"))
        client.force_login(grace)
        assert ("pause_campaigns" in client.get(where).content.decode()) == (right == "change")
        client.post(where, sent)
        campaign.refresh_from_db()
        assert campaign.status == status


def test_every_action_requires_a_permission() -> None:
    nameless = [
        f"{model.__name__}.{name}"
        for model, admin_page in admin.site._registry.items()
        for kind in ("actions", "actions_list", "actions_detail")
        for name in getattr(admin_page, kind, None) or ()
        if not getattr(getattr(admin_page, str(name)), "allowed_permissions", None)
    ]
    assert nameless == []


def test_an_admin_can_change_a_campaign_and_an_ad_group(admin_page: Client) -> None:
    campaign = make_ad().ad_group.campaign
    assert admin_page.get(reverse("admin:ads_campaign_change", args=[campaign.pk])).status_code == 200
    group = campaign.ad_groups.get()
    assert admin_page.get(reverse("admin:ads_adgroup_change", args=[group.pk])).status_code == 200
    advertiser = Advertiser.objects.get()
    assert admin_page.get(reverse("admin:ads_advertiser_change", args=[advertiser.pk])).status_code == 200


def test_an_admin_sees_the_free_clicks_from_own_networks(admin_page: Client) -> None:
    offer = make_offer()
    Advertiser.objects.update(own_networks=["203.0.113.0/24"])
    click_on(sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at), address="203.0.113.9")
    click_on(
        sign_token(LinkPurpose.CLICK, make_offer(offer.creative).id, at=offer.created_at),
        address="198.51.100.9",
    )
    page = admin_page.get(reverse("admin:ads_advertiser_change", args=[Advertiser.objects.get().pk]))
    assert "클릭 2번 가운데 1번" in page.content.decode() and "203.0.113.0/24" in page.content.decode()


def campaign_form(campaign: Campaign, **changes: str) -> dict[str, str]:
    """What the admin's page of a campaign sends."""
    starts_at = timezone.localtime(campaign.starts_at)
    return {
        "advertiser": str(campaign.advertiser_id),
        "name": campaign.name,
        "category": campaign.category,
        "status": campaign.status,
        "starts_at_0": starts_at.strftime("%Y-%m-%d"),
        "starts_at_1": starts_at.strftime("%H:%M:%S"),
        "daily_budget_micros": "50,000",
        "total_budget_micros": "",
        "daily_views_a_person": "3",
        **changes,
    }


def test_an_admin_edits_budgets_in_won_and_today_follows(admin_page: Client) -> None:
    offer = make_offer()
    click_on(sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at))
    campaign = offer.campaign
    page = reverse("admin:ads_campaign_change", args=[campaign.pk])
    assert 'value="50,000"' in admin_page.get(page).content.decode()
    assert admin_page.post(page, campaign_form(campaign, daily_budget_micros="3,000")).status_code == 302
    campaign.refresh_from_db()
    day = CampaignDay.objects.get()
    assert (campaign.daily_budget_micros, day.budget_micros) == (3_000 * WON, 3_000 * WON)
    assert day.leased_micros == 3_000 * WON
    assert find_discrepancies() == []


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("daily_budget_micros", "50", "70원 이상"),
        ("daily_budget_micros", "많이", "원 단위 숫자로"),
        ("total_budget_micros", "100", "보다 작을 수 없어요"),
    ],
)
def test_an_invalid_budget_is_refused(admin_page: Client, field: str, typed: str, words: str) -> None:
    offer = make_offer()
    click_on(sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at))
    page = reverse("admin:ads_campaign_change", args=[offer.campaign_id])
    answer = admin_page.post(page, campaign_form(offer.campaign, **{field: typed}))
    assert answer.status_code == 200 and words in answer.content.decode()


def test_an_admin_edits_bids_in_won_and_bid_steps(admin_page: Client) -> None:
    group = make_ad(bid_won=300).ad_group
    page = reverse("admin:ads_adgroup_change", args=[group.pk])
    assert 'value="300"' in admin_page.get(page).content.decode()
    keyword = group.keywords.get()
    sent = {
        "campaign": str(group.campaign_id),
        "name": group.name,
        "default_bid_micros": "410",
        "device": "any",
        "language": "any",
        "topics": "[]",
        "hints": "[]",
        "is_on": "on",
        "keywords-TOTAL_FORMS": "1",
        "keywords-INITIAL_FORMS": "1",
        "keywords-0-id": str(keyword.pk),
        "keywords-0-ad_group": str(group.pk),
        "keywords-0-text": keyword.text,
        "keywords-0-match": keyword.match,
        "keywords-0-bid_micros": "1,200",
        "negative_keywords-TOTAL_FORMS": "0",
        "negative_keywords-INITIAL_FORMS": "0",
    }
    assert admin_page.post(page, sent | {"default_bid_micros": "415"}).status_code == 200
    assert admin_page.post(page, sent).status_code == 302
    group.refresh_from_db()
    keyword.refresh_from_db()
    assert (group.default_bid_micros, keyword.bid_micros) == (410 * WON, 1_200 * WON)


def test_every_list_shows_amounts_in_won(admin_page: Client) -> None:
    offer = make_offer(price_won=240)
    click_on(sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at))
    for model, row, won in (("offer", offer.pk, "240"), ("click", offer.pk, "240")):
        page = admin_page.get(reverse(f"admin:ads_{model}_change", args=[row])).content.decode()
        assert f"{won}원" in page and str(240 * WON) not in page
    day = CampaignDay.objects.get()
    page = admin_page.get(reverse("admin:ads_campaignday_change", args=[day.pk])).content.decode()
    assert "50,000원" in page and str(50_000 * WON) not in page


@pytest.mark.parametrize(
    ("typed", "words"),
    [("도쿄  항공권!", "이미 있는 키워드"), ("???", "글자가 있어야"), ("㎢" * 80, "80자까지")],
)
def test_an_empty_or_duplicate_keyword_is_refused(admin_page: Client, typed: str, words: str) -> None:
    group = make_ad().ad_group
    kept = group.keywords.get()
    where = reverse("admin:ads_adgroup_change", args=[group.pk])
    sent = {
        "campaign": group.campaign_id,
        "name": group.name,
        "default_bid_micros": "300",
        "device": "any",
        "language": "any",
        "topics": "[]",
        "hints": "[]",
        "is_on": "on",
        "keywords-TOTAL_FORMS": "2",
        "keywords-INITIAL_FORMS": "1",
        "keywords-0-id": kept.pk,
        "keywords-0-ad_group": group.pk,
        "keywords-0-text": kept.text,
        "keywords-0-match": kept.match,
        "keywords-1-ad_group": group.pk,
        "keywords-1-text": typed,
        "keywords-1-match": kept.match,
        "negative_keywords-TOTAL_FORMS": "0",
        "negative_keywords-INITIAL_FORMS": "0",
    }
    answer = admin_page.post(where, sent)
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert admin_page.post(where, sent | {"keywords-1-text": "오사카 호텔"}).status_code == 302
    assert set(group.keywords.values_list("norm", flat=True)) == {kept.norm, "오사카호텔"}
