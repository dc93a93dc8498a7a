import datetime

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from ads.domain.money import WON
from ads.events.frequency_caps import FrequencyCaps
from ads.events.link_tokens import ForgedTokenError, LinkPurpose, sign_token
from ads.events.receive import receive_click, receive_impression
from ads.ledger.accounts import wallet_balance
from ads.ledger.invariants import find_discrepancies
from ads.models import CampaignDay, Click, Impression, Offer
from testing.ads.event_requests import click_on, make_event_request
from testing.ads.inventory import CHROME, make_ad, make_offer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]


def click_token(offer: Offer) -> str:
    return sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at)


def test_a_click_after_an_impression_is_billed_at_its_price() -> None:
    offer = make_offer(price_won=130)
    arrival = click_on(click_token(offer))
    assert (arrival.verdict, arrival.url) == ("billed", "https://grace.example/tokyo")
    assert Click.objects.get().price_micros == 130 * WON
    assert CampaignDay.objects.get().spent_micros == 130 * WON
    assert find_discrepancies() == []


def test_a_second_click_on_the_same_offer_counts_nothing() -> None:
    offer = make_offer()
    click_on(click_token(offer))
    assert click_on(click_token(offer)).verdict == "duplicate"
    assert CampaignDay.objects.get().spent_micros == 100 * WON


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"method": "HEAD"}, "head"),
        ({"purpose": "prefetch;prerender"}, "prefetch"),
        ({"agent": ""}, "robot"),
        ({"agent": "Googlebot/2.1"}, "robot"),
        ({"agent": "python-requests/2.32"}, "robot"),
        ({"agent": CHROME.replace("Chrome", "HeadlessChrome")}, "robot"),
    ],
)
def test_a_bot_is_redirected_and_leaves_the_click_to_the_person(changes: dict[str, str], reason: str) -> None:
    offer = make_offer()
    assert click_on(click_token(offer), **changes).reason == reason
    assert not Click.objects.exists()
    assert click_on(click_token(offer)).verdict == "billed"


HEADLESS = CHROME.replace("Chrome", "HeadlessChrome")


@pytest.mark.parametrize(
    ("site", "address", "agent", "reason"),
    [
        ("http://localhost:8000", "127.0.0.1", HEADLESS, ""),
        ("http://127.0.0.1:8000", "::1", f"{CHROME} Playwright/1.50", ""),
        ("http://localhost:8000", "203.0.113.7", HEADLESS, "robot"),
        ("https://jjamppong.example", "127.0.0.1", HEADLESS, "robot"),
        ("http://localhost:8000", "127.0.0.1", "Googlebot/2.1", "robot"),
        ("http://localhost:8000", "127.0.0.1", "python-requests/2.32", "robot"),
        ("http://localhost:8000", "127.0.0.1", "", "robot"),
    ],
)
def test_an_automated_browser_counts_only_on_the_machine_of_a_local_site(
    settings: Settings, site: str, address: str, agent: str, reason: str
) -> None:
    settings.PUBLIC_URL = site
    offer = make_offer()
    assert click_on(click_token(offer), address=address, agent=agent).reason == reason
    assert Click.objects.filter(verdict="billed").exists() is (reason == "")


def test_a_click_without_an_impression_costs_nothing() -> None:
    offer = make_offer(seen=False)
    arrival = click_on(click_token(offer))
    assert (arrival.verdict, arrival.reason) == ("invalid", "not_seen")
    assert Click.objects.get().price_micros == 0


def test_a_click_faster_than_a_person_costs_nothing() -> None:
    offer = make_offer(seconds_ago=0.1)
    assert click_on(click_token(offer)).reason == "too_fast"


def test_an_advertiser_does_not_pay_for_clicks_of_their_own() -> None:
    offer = make_offer()
    offer.campaign.advertiser.own_networks = ["203.0.113.0/24"]
    offer.campaign.advertiser.save()
    assert click_on(click_token(offer)).reason == "own_address"


def test_the_same_person_pays_once_for_an_ad_in_half_an_hour() -> None:
    creative = make_ad()
    verdicts = []
    for _ in range(2):
        offer = make_offer(creative)
        Offer.objects.filter(id=offer.id).update(frequency_key="ada-today")
        verdicts.append(click_on(click_token(offer)).reason)
    assert verdicts == ["", "repeat"]


def test_clicks_above_the_rate_of_a_network_cost_nothing() -> None:
    creative = make_ad(daily_won=500_000)
    reasons = [click_on(click_token(make_offer(creative))).reason for _ in range(25)]
    assert reasons[:20] == [""] * 20
    assert set(reasons[20:]) <= {"busy_network", ""}
    assert "busy_network" in reasons[20:]


def test_an_old_link_still_leads_on_but_costs_nothing() -> None:
    offer = make_offer(seconds_ago=3 * 3600)
    arrival = click_on(click_token(offer))
    assert (arrival.verdict, arrival.reason, arrival.url) == (
        "invalid",
        "expired",
        "https://grace.example/tokyo",
    )


def test_mallory_cannot_make_a_link_of_her_own() -> None:
    offer = make_offer()
    with pytest.raises(ForgedTokenError):
        receive_click(sign_token(LinkPurpose.IMPRESSION, offer.id, at=offer.created_at), make_event_request())
    assert not Click.objects.exists()


def test_a_click_beyond_the_daily_budget_is_free() -> None:
    creative = make_ad(daily_won=250)
    verdicts = [click_on(click_token(make_offer(creative))).verdict for _ in range(4)]
    assert verdicts == ["billed", "billed", "free", "free"]
    assert CampaignDay.objects.get().spent_micros == 200 * WON
    assert find_discrepancies() == []


def test_a_click_beyond_the_total_budget_is_free() -> None:
    creative = make_ad(total_won=100)
    verdicts = [click_on(click_token(make_offer(creative))).verdict for _ in range(2)]
    assert verdicts == ["billed", "free"]


def test_a_click_that_the_wallet_cannot_pay_is_free() -> None:
    creative = make_ad(daily_won=500)
    advertiser = creative.ad_group.campaign.advertiser
    from ads.ledger.entries import refund

    refund(advertiser, wallet_balance(advertiser.id) - 150 * WON, key="almost-all")
    verdicts = [click_on(click_token(make_offer(creative))).verdict for _ in range(2)]
    assert verdicts == ["billed", "free"]
    assert find_discrepancies() == []


def test_a_paused_campaign_takes_no_new_money_for_clicks() -> None:
    creative = make_ad()
    offer = make_offer(creative)
    campaign = creative.ad_group.campaign
    campaign.status = "paused"
    campaign.save()
    assert click_on(click_token(offer)).verdict == "free"


def test_an_impression_is_counted_once() -> None:
    offer = make_offer(seen=False)
    token = sign_token(LinkPurpose.IMPRESSION, offer.id, at=offer.created_at)
    assert receive_impression(token, make_event_request()) is True
    assert receive_impression(token, make_event_request()) is False
    assert Impression.objects.get().verdict == "valid"


def test_an_impression_sooner_than_a_second_is_invalid_and_so_is_its_click() -> None:
    offer = make_offer(seen=False, seconds_ago=0.5)
    receive_impression(
        sign_token(LinkPurpose.IMPRESSION, offer.id, at=offer.created_at), make_event_request()
    )
    assert Impression.objects.get().reason == "too_fast"
    assert click_on(click_token(offer)).reason == "look_invalid"


def test_the_browser_reports_an_impression_and_a_click_over_http(client: Client) -> None:
    offer = make_offer(seen=False)
    seen = sign_token(LinkPurpose.IMPRESSION, offer.id, at=offer.created_at)
    headers = {"User-Agent": CHROME}
    assert client.post(f"/ads/seen/{seen}/", headers=headers).status_code == 204
    answer = client.get(f"/ads/click/{click_token(offer)}/", headers=headers)
    assert (answer.status_code, answer["Location"]) == (302, "https://grace.example/tokyo")
    assert Click.objects.get().verdict == "billed"
    assert "?" not in answer["Location"]


def test_forged_links_find_nothing(client: Client) -> None:
    assert client.get("/ads/click/AAAA/").status_code == 404
    assert client.post("/ads/seen/AAAA/").status_code == 410
    assert client.post("/ads/hide/AAAA/").status_code == 404


def test_a_hidden_ad_is_kept_away_and_a_reported_one_is_kept_on_record(client: Client) -> None:
    offer = make_offer()
    feedback = sign_token(LinkPurpose.FEEDBACK, offer.id, at=offer.created_at)
    assert client.post(f"/ads/hide/{feedback}/").json()["hidden"] is True
    assert client.post(f"/ads/report/{feedback}/", {"reason": "misleading"}).json()["reported"] is True
    assert client.post(f"/ads/report/{feedback}/", {"reason": "nonsense"}).status_code == 400
    offer.refresh_from_db()
    assert offer.hidden_at is not None and offer.hidden_at <= timezone.now() + datetime.timedelta(seconds=1)


@pytest.mark.parametrize("feedback_kind", ["hide", "report"])
def test_an_ad_of_hours_ago_can_still_be_hidden_and_reported_and_stays_away(
    feedback_kind: str, client: Client
) -> None:
    offer = make_offer(seconds_ago=5 * 3600)
    offer.frequency_key = "ada"
    offer.save()
    feedback = sign_token(LinkPurpose.FEEDBACK, offer.id, at=offer.created_at)
    assert client.post(f"/ads/{feedback_kind}/{feedback}/", {"reason": "misleading"}).status_code == 200
    person = FrequencyCaps(offer.frequency_key, at=timezone.now())
    assert person.count_views([offer.campaign_id])[offer.campaign_id] >= 1_000_000
    click = sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at)
    assert client.post(f"/ads/{feedback_kind}/{click}/", {"reason": "misleading"}).status_code == 404
