import datetime
import re

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from ads.domain.accounting_day import KOREA
from ads.domain.money import WON
from ads.ledger.leases import extend_lease
from ads.models import AdGroup, Advertiser, Campaign, Creative, Keyword, Membership
from ads.selection.building.inventory_reader import fingerprint

CAMPAIGN = {"name": "여름 휴가", "category": "travel", "daily_budget": "10,000", "daily_views_a_person": "3"}
GROUP = {
    "name": "항공권",
    "default_bid": "150",
    "language": "any",
    "device": "any",
    "exact": "도쿄 항공권, 200\n",
    "phrase": "제주 렌터카\n제주  렌터카",
    "broad": "",
    "negatives": "무료",
}
AD = {
    "title": "도쿄 왕복 9만원부터",
    "body": "수하물까지 다 들어 있어요.",
    "landing_url": "https://www.grace.example/tokyo?from=seoul",
}


def test_grace_becomes_an_advertiser(client: Client, grace: User) -> None:
    client.force_login(grace)
    assert "광고주로 시작하기" in client.get("/advertise/").content.decode()
    answer = client.post("/advertise/join/", {"name": "그레이스 여행"})
    advertiser = Advertiser.objects.get()
    assert answer.headers["Location"] == f"/advertise/{advertiser.public_id}/"
    assert advertiser.memberships.get().role == Membership.Role.OWNER
    assert client.get("/advertise/").headers["Location"] == f"/advertise/{advertiser.public_id}/"
    assert client.get(f"/advertise/{advertiser.public_id}/").status_code == 200


def test_an_anonymous_visitor_sees_the_description_of_the_market(client: Client, db: None) -> None:
    page = client.get("/advertise/").content.decode()
    assert "/accounts/signup/?next=/advertise/join/" in page
    assert client.get("/advertise/join/").status_code == 302


def test_names_and_keywords_have_no_invisible_characters(
    portal_client: Client, shop: Advertiser, ad: Creative
) -> None:
    portal_url, campaign = f"/advertise/{shop.public_id}", ad.ad_group.campaign
    for where, sent in (
        ("/advertise/join/", {"name": "그레이스\u202e 100"}),
        (f"{portal_url}/campaigns/new/", CAMPAIGN | {"name": "\u2066휴가"}),
        (f"{portal_url}/campaigns/{campaign.public_id}/groups/new/", GROUP | {"name": "항공\u200b권"}),
        (f"{portal_url}/campaigns/{campaign.public_id}/groups/new/", GROUP | {"phrase": "도쿄\u202e 항공권"}),
    ):
        assert "보이지 않는 글자가 들어 있어요" in portal_client.post(where, sent).content.decode()
    assert (Advertiser.objects.count(), Campaign.objects.count(), AdGroup.objects.count()) == (1, 1, 1)
    portal_client.post("/advertise/join/", {"name": " 가족 👩‍👩‍👧  여행 "})
    assert Advertiser.objects.filter(name="가족 👩‍👩‍👧 여행").exists()


def test_a_member_of_two_advertisers_chooses_one(client: Client, grace: User) -> None:
    client.force_login(grace)
    for name in ("하나", "둘"):
        client.post("/advertise/join/", {"name": name})
    page = client.get("/advertise/")
    assert page.status_code == 200
    assert "하나" in page.content.decode()


def test_a_campaign_is_made_in_five_steps_and_waits_for_review(
    portal_client: Client, shop: Advertiser
) -> None:
    portal_url = f"/advertise/{shop.public_id}"
    step_two = portal_client.post(f"{portal_url}/campaigns/new/", CAMPAIGN).headers["Location"]
    campaign = Campaign.objects.get()
    assert campaign.status == Campaign.Status.DRAFT
    assert campaign.daily_budget_micros == 10_000 * WON
    step_three = portal_client.post(step_two, GROUP).headers["Location"]
    group = AdGroup.objects.get()
    assert group.default_bid_micros == 150 * WON
    kept = set(Keyword.objects.values_list("text", "match", "bid_micros"))
    assert kept == {("도쿄 항공권", "exact", 200 * WON), ("제주 렌터카", "phrase", None)}
    assert group.negative_keywords.get().text == "무료"
    step_four = portal_client.post(step_three, AD | {"next": "yes"}).headers["Location"]
    creative = Creative.objects.get()
    assert (creative.review, creative.display_domain) == (Creative.Review.DRAFT, "grace.example")
    assert step_four == f"{portal_url}/campaigns/{campaign.public_id}/money/"
    assert "100일 동안 보일 수 있어요" in portal_client.get(step_four).content.decode()
    step_five = f"{portal_url}/campaigns/{campaign.public_id}/launch/"
    assert step_five in portal_client.get(step_four).content.decode()
    assert "검토 요청하고 승인되면 시작" in portal_client.get(step_five).content.decode()
    overview = portal_client.post(step_five).headers["Location"]
    creative.refresh_from_db()
    campaign.refresh_from_db()
    assert (creative.review, campaign.status) == (Creative.Review.WAITING, Campaign.Status.ACTIVE)
    page = portal_client.get(overview).content.decode()
    assert "승인되면 바로 보이기 시작해요" in page
    shown = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "도쿄 항공권 일치 200원" in shown
    assert "무료 제외" in shown


def test_the_preview_shows_the_card_that_users_see(
    portal_client: Client, ad: Creative, shop: Advertiser
) -> None:
    where = f"/advertise/{shop.public_id}/groups/{ad.ad_group.public_id}/ads/new/"
    page = portal_client.post(where, AD | {"preview": "yes", "title": "<b>도쿄</b>"}).content.decode()
    assert Creative.objects.count() == 1
    assert 'class="placement"' in page
    assert "&lt;b&gt;도쿄&lt;/b&gt;" in page
    assert "grace.example" in page
    assert shop.name in page


@pytest.mark.parametrize(
    ("language", "field", "typed", "words"),
    [
        ("ko", "daily_budget", "만원", "원 단위 숫자로"),
        ("ko", "daily_budget", "500", "1,000원 이상"),
        ("ko", "total_budget", "5,000", "하루 예산보다 작아요"),
        ("ko", "ends_on", "2020-01-01", "시작일보다 빨라요"),
        ("ko", "starts_on", "0001-01-01", "2000년부터"),
        ("ko", "ends_on", "9999-12-31", "2099년까지"),
        ("ko", "negatives", "???", "글자가 있어야 해요"),
        ("ko", "negatives", "㎢" * 80, "80자까지"),
        ("en", "daily_views_a_person", "0", "greater than or equal to 1"),
        ("en", "name", "", "This field is required."),
    ],
)
def test_campaign_errors_are_shown_beside_their_fields(
    portal_client: Client, shop: Advertiser, language: str, field: str, typed: str, words: str
) -> None:
    sent = CAMPAIGN | {"starts_on": "2026-12-01", field: typed}
    answer = portal_client.post(
        f"/advertise/{shop.public_id}/campaigns/new/", sent, headers={"accept-language": language}
    )
    assert answer.status_code == 422
    page = answer.content.decode()
    assert f'id="id_{field}_error"' in page
    assert words in page
    assert not Campaign.objects.exists()


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("default_bid", "60", "70원 이상"),
        ("default_bid", "155", "10원 단위"),
        ("exact", "도쿄, 30", "70원 이상"),
        ("exact", "가" * 81, "80자까지"),
        ("exact", "㎢" * 80, "80자까지"),
        ("phrase", "", "키워드를 하나는"),
    ],
)
def test_group_errors_are_shown_beside_their_fields(
    portal_client: Client, campaign: Campaign, shop: Advertiser, field: str, typed: str, words: str
) -> None:
    sent = GROUP | ({"exact": ""} if field == "phrase" else {}) | {field: typed}
    answer = portal_client.post(
        f"/advertise/{shop.public_id}/campaigns/{campaign.public_id}/groups/new/", sent
    )
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert words in answer.content.decode()


@pytest.mark.parametrize(
    "address",
    [
        "http://grace.example/",
        "javascript:alert(1)",
        "https://google.com@evil.example/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://intranet/",
        "https://grace.example:8443/",
        "https://printer.local/",
        "/ads/demo/anything/",
        "https://grace.example/ space",
        f"https://bank.example.{'a' * 60}.mallory.example/",
    ],
)
def test_an_ad_leads_only_to_a_public_https_page(
    portal_client: Client, ad: Creative, shop: Advertiser, address: str
) -> None:
    where = f"/advertise/{shop.public_id}/groups/{ad.ad_group.public_id}/ads/new/"
    answer = portal_client.post(where, AD | {"landing_url": address, "keep": "yes"})
    assert answer.status_code == 422
    assert 'id="id_landing_url_error"' in answer.content.decode()


def test_a_url_in_capitals_is_accepted(portal_client: Client, ad: Creative, shop: Advertiser) -> None:
    where = f"/advertise/{shop.public_id}/groups/{ad.ad_group.public_id}/ads/new/"
    assert (
        portal_client.post(where, AD | {"landing_url": "HTTPS://Grace.Example/A", "keep": "yes"}).status_code
        == 302
    )
    kept = Creative.objects.get(review=Creative.Review.DRAFT)
    assert (kept.landing_url, kept.display_domain) == ("https://Grace.Example/A", "grace.example")


@pytest.mark.parametrize("field", ["title", "body"])
def test_a_creative_has_no_invisible_characters(
    portal_client: Client, ad: Creative, shop: Advertiser, field: str
) -> None:
    where = f"/advertise/{shop.public_id}/groups/{ad.ad_group.public_id}/ads/new/"
    answer = portal_client.post(where, AD | {field: "싸요 \u202eelpmaxe", "keep": "yes"})
    assert answer.status_code == 422
    assert "보이지 않는 글자" in answer.content.decode()
    assert portal_client.post(where, AD | {field: "가족 👨‍👩‍👧 여행", "keep": "yes"}).status_code == 302


@pytest.mark.parametrize(("floor_won", "observed"), [(70, 70), (115, 120), (30, 70)])
def test_the_group_form_shows_the_lowest_bid_of_the_site(
    portal_client: Client, shop: Advertiser, ad: Creative, settings: Settings, floor_won: int, observed: int
) -> None:
    settings.ADS_FLOOR_WON = floor_won
    where = f"/advertise/{shop.public_id}/groups/{ad.ad_group.public_id}/edit/"
    assert f"입찰가는 {observed}원부터 10원 단위로" in portal_client.get(where).content.decode()


def test_two_groups_of_a_campaign_cannot_share_a_name(
    portal_client: Client, campaign: Campaign, shop: Advertiser
) -> None:
    where = f"/advertise/{shop.public_id}/campaigns/{campaign.public_id}/groups/new/"
    answer = portal_client.post(where, GROUP | {"name": "Group"})
    assert 'id="id_name_error"' in answer.content.decode()


def test_changing_keywords_keeps_the_rows_that_stay(
    portal_client: Client, ad: Creative, shop: Advertiser
) -> None:
    kept = ad.ad_group.keywords.get()
    where = f"/advertise/{shop.public_id}/groups/{ad.ad_group.public_id}/edit/"
    assert "도쿄 항공권" in portal_client.get(where).content.decode()
    sent = GROUP | {"exact": "", "phrase": "오사카 호텔", "broad": "도쿄 항공권, 500", "negatives": ""}
    assert portal_client.post(where, sent).status_code == 302
    kept.refresh_from_db()
    assert kept.bid_micros == 500 * WON
    assert set(ad.ad_group.keywords.values_list("text", flat=True)) == {"도쿄 항공권", "오사카 호텔"}
    assert not ad.ad_group.negative_keywords.exists()


def test_an_approved_ad_goes_on_while_its_next_version_waits(
    portal_client: Client, ad: Creative, shop: Advertiser
) -> None:
    where = f"/advertise/{shop.public_id}/ads/{ad.public_id}/edit/"
    assert portal_client.post(where, AD | {"submit": "yes"}).status_code == 302
    ad.refresh_from_db()
    assert ad.review == Creative.Review.APPROVED
    assert ad.title == "Flights to Tokyo"
    following = Creative.objects.get(lineage=ad.lineage, version=2)
    assert following.review == Creative.Review.WAITING
    assert portal_client.post(where, AD | {"title": "세 번째", "keep": "yes"}).status_code == 302
    following.refresh_from_db()
    assert following.review == Creative.Review.RETIRED
    assert Creative.objects.get(lineage=ad.lineage, version=3).review == Creative.Review.DRAFT


def test_a_draft_is_changed_in_place_and_sent_once(
    portal_client: Client, ad: Creative, shop: Advertiser
) -> None:
    portal_url = f"/advertise/{shop.public_id}"
    portal_client.post(f"{portal_url}/groups/{ad.ad_group.public_id}/ads/new/", AD | {"keep": "yes"})
    draft = Creative.objects.get(review=Creative.Review.DRAFT)
    portal_client.post(f"{portal_url}/ads/{draft.public_id}/edit/", AD | {"title": "새 제목", "keep": "yes"})
    draft.refresh_from_db()
    assert (draft.title, draft.version) == ("새 제목", 1)
    for _ in range(2):
        assert portal_client.post(f"{portal_url}/ads/{draft.public_id}/submit/").status_code == 302
    draft.refresh_from_db()
    assert draft.review == Creative.Review.WAITING


def test_a_campaign_pauses_goes_on_and_ends_for_good(
    portal_client: Client, campaign: Campaign, shop: Advertiser
) -> None:
    where = f"/advertise/{shop.public_id}/campaigns/{campaign.public_id}/move/"
    for status in ("paused", "active", "ended"):
        before = fingerprint()
        assert portal_client.post(where, {"status": status}).status_code == 302
        campaign.refresh_from_db()
        assert campaign.status == status
        assert fingerprint() != before
    assert portal_client.post(where, {"status": "active"}).status_code == 409
    assert portal_client.post(where, {"status": "nonsense"}).status_code == 409


def test_switching_an_ad_or_its_group_off_changes_what_is_published(
    portal_client: Client, ad: Creative, shop: Advertiser
) -> None:
    portal_url = f"/advertise/{shop.public_id}"
    for where in (
        f"{portal_url}/ads/{ad.public_id}/switch/",
        f"{portal_url}/groups/{ad.ad_group.public_id}/switch/",
    ):
        before = fingerprint()
        assert portal_client.post(where, {"is_on": "no"}).status_code == 302
        assert fingerprint() != before
    ad.refresh_from_db()
    ad.ad_group.refresh_from_db()
    assert (ad.is_on, ad.ad_group.is_on) == (False, False)


def test_a_campaign_ends_with_its_last_day_in_korea(portal_client: Client, shop: Advertiser) -> None:
    sent = CAMPAIGN | {"starts_on": "2026-12-01", "ends_on": "2026-12-24"}
    portal_client.post(f"/advertise/{shop.public_id}/campaigns/new/", sent)
    campaign = Campaign.objects.get()
    assert campaign.starts_at == datetime.datetime(2026, 12, 1, tzinfo=KOREA)
    assert campaign.ends_at == datetime.datetime(2026, 12, 25, tzinfo=KOREA)
    page = portal_client.get(
        f"/advertise/{shop.public_id}/campaigns/{campaign.public_id}/edit/"
    ).content.decode()
    assert 'value="2026-12-24"' in page
    assert 'value="10,000"' in page


def test_a_total_budget_cannot_shrink_below_what_is_spent(
    portal_client: Client, campaign: Campaign, shop: Advertiser
) -> None:
    extend_lease(campaign.pk, at=timezone.now(), price_micros=30_000 * WON)
    where = f"/advertise/{shop.public_id}/campaigns/{campaign.public_id}/edit/"
    answer = portal_client.post(where, CAMPAIGN | {"total_budget": "20,000"})
    assert answer.status_code == 422
    assert "30,000원보다 작을 수 없어요" in answer.content.decode()
