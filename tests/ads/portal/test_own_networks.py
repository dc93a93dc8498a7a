from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from ads.campaigns.advertisers import save_own_networks
from ads.campaigns.errors import InvalidChangeError
from ads.domain.networks import MAX_NETWORKS
from ads.events.link_tokens import LinkPurpose, sign_token
from ads.ledger.accounts import wallet_balance
from ads.ledger.billing import settle_click
from ads.ledger.invariants import find_discrepancies
from ads.models import Advertiser, Click, Creative, Membership
from testing.ads.inventory import CHROME, make_advertiser, make_offer

OFFICE = "211.104.5.20"


@pytest.fixture
def where(shop: Advertiser) -> str:
    """Where the addresses are named."""
    return f"/advertise/{shop.public_id}/addresses/"


def from_(address: str) -> dict[str, Any]:
    return {"REMOTE_ADDR": address, "HTTP_USER_AGENT": CHROME}


def named(shop: Advertiser) -> list[str]:
    shop.refresh_from_db()
    networks: list[str] = shop.own_networks
    return networks


def click_on(ad: Creative, address: str) -> str:
    offer = make_offer(ad)
    link = f"/ads/click/{sign_token(LinkPurpose.CLICK, offer.id, at=offer.created_at)}/"
    answer = Client().get(link, **from_(address))
    assert (answer.status_code, answer.headers["Location"]) == (302, "https://grace.example/tokyo")
    return Click.objects.get(offer=offer).reason


@pytest.mark.usefixtures("valkey")
def test_a_click_from_an_own_network_is_free_and_shown_with_its_reason(
    portal_client: Client, shop: Advertiser, ad: Creative, where: str
) -> None:
    assert click_on(ad, OFFICE) == ""
    paid = wallet_balance(shop.pk)
    sent = {"networks": f"{OFFICE}\r\n2001:2d8:5::/48\r\n\r\n211.104.6.*"}
    assert portal_client.post(where, sent, **from_("1.2.3.4")).status_code == 302
    assert named(shop) == [OFFICE, "2001:2d8:5::/48", "211.104.6.0/24"]
    for address in (OFFICE, "2001:2d8:5:77::1", "211.104.6.200"):
        assert click_on(ad, address) == "own_address"
    assert click_on(ad, "211.104.7.1") == ""
    assert wallet_balance(shop.pk) <= paid
    assert sum(Click.objects.values_list("price_micros", flat=True)) == 2 * make_offer(ad).price_micros
    observed = portal_client.get(where, **from_("1.2.3.4")).content.decode()
    assert f"{OFFICE}\n2001:2d8:5::/48\n211.104.6.0/24" in observed
    assert portal_client.get(where, **from_("1.2.3.4")).context["refused"] == 3
    campaign = portal_client.get(f"/advertise/{shop.public_id}/campaigns/{ad.ad_group.campaign.public_id}/")
    assert "광고주 자신이 누름" in campaign.content.decode()
    assert find_discrepancies() == []


def test_a_button_adds_the_current_address(portal_client: Client, shop: Advertiser, where: str) -> None:
    save_own_networks(advertiser=shop, networks=["211.104.9.0/24"])
    assert "지금 이 기기의 주소 추가" in portal_client.get(where, **from_(OFFICE)).content.decode()
    for _ in range(2):
        assert portal_client.post(f"{where}here/", **from_(OFFICE)).status_code == 302
    assert named(shop) == ["211.104.9.0/24", OFFICE]
    assert "지금 이 기기의 주소 추가" not in portal_client.get(where, **from_(OFFICE)).content.decode()


@pytest.mark.parametrize(
    ("language", "typed", "words"),
    [
        ("ko", "0.0.0.0/0", "너무 넓어요"),
        ("ko", "192.168.0.7", "공유기 안쪽 주소예요"),
        ("ko", "본사", "IP 주소나 대역이 아니에요"),
        ("ko", "\n".join(f"211.104.5.{n}" for n in range(101)), "100개까지"),
        ("ko", "\n".join(["x", "y", "z", "w", "v"]), "그 밖에 2줄"),
        ("en", "211.104.0.0/16", "Too wide"),
        ("en", "192.168.0.7", "behind your router"),
        ("en", "office", "Not an IP address or range"),
    ],
)
def test_an_invalid_network_is_reported_beside_the_field_and_changes_nothing(
    portal_client: Client, shop: Advertiser, where: str, language: str, typed: str, words: str
) -> None:
    save_own_networks(advertiser=shop, networks=[OFFICE])
    answer = portal_client.post(
        where, {"networks": typed}, headers={"accept-language": language}, **from_("1.2.3.4")
    )
    assert answer.status_code == 422
    assert 'id="id_networks_error"' in answer.content.decode()
    assert words in answer.content.decode()
    assert named(shop) == [OFFICE]


def test_the_list_of_networks_is_limited_also_by_the_button(
    portal_client: Client, shop: Advertiser, where: str
) -> None:
    full = [f"211.104.5.{n}" for n in range(MAX_NETWORKS)]
    save_own_networks(advertiser=shop, networks=full)
    assert portal_client.post(f"{where}here/", **from_("1.2.3.4")).status_code == 409
    assert named(shop) == full
    with pytest.raises(InvalidChangeError):
        save_own_networks(advertiser=shop, networks=[*full, "1.2.3.4"])


def test_an_empty_list_removes_all_networks(portal_client: Client, shop: Advertiser, where: str) -> None:
    save_own_networks(advertiser=shop, networks=[OFFICE])
    assert portal_client.post(where, {"networks": ""}).status_code == 302
    assert named(shop) == []


def test_earlier_charges_stay(portal_client: Client, shop: Advertiser, ad: Creative, where: str) -> None:
    offer = make_offer(ad)
    settle_click(offer, reason="", network="211.104.5.0/24", at=timezone.now())
    portal_client.post(where, {"networks": OFFICE}, **from_("1.2.3.4"))
    assert Click.objects.get().verdict == Click.Verdict.BILLED


@pytest.mark.usefixtures("valkey")
def test_own_networks_hold_for_one_advertiser_only(
    portal_client: Client, shop: Advertiser, ad: Creative, where: str
) -> None:
    rival = make_advertiser("다른 가게")
    save_own_networks(advertiser=rival, networks=[OFFICE])
    assert click_on(ad, OFFICE) == ""


def test_only_editors_declare_networks(
    client: Client, ada: User, mallory: User, shop: Advertiser, where: str
) -> None:
    Membership.objects.create(advertiser=shop, member=ada, role=Membership.Role.REPORTER)
    for person, status in ((ada, 403), (mallory, 404)):
        client.force_login(person)
        assert client.get(where).status_code == status
        assert client.post(where, {"networks": OFFICE}).status_code == status
        assert client.post(f"{where}here/").status_code == status
    assert named(shop) == []
